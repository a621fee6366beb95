// Templates, conditions and interpolation: results, types, secrets, and every mistake with its place.
import { test } from 'tap'
import { readYaml } from '../../core/config/index.js'
import { UserError, usageError } from '../../core/errors.js'
import { readFacts } from '../../core/facts.js'
import {
  createScope,
  evaluate,
  evaluateCondition,
  expressionReferences,
  interpolate,
  interpolateValue,
  nearest,
  references,
  renderText,
  renderValue,
  type Scope,
  type ScopeParts,
} from '../../core/language/index.js'
import type { Host, Project, Vars } from '../../core/project.js'
import { createMasker, Secret } from '../../core/secret.js'

const at = { file: 'f.yaml', line: 7, column: 3 }

const vars: Vars = {
  domain: 'shop.test',
  url: 'http://{{ domain }}/',
  n: 3,
  big: 1.5,
  names: ['a', 'b'],
  list: ['x'],
  m: { a: 1, b: { c: 'deep' } },
  one: '{{ two }}',
  two: '{{ one }}',
  dsn: 'pg://u:{{ secrets.DB }}@db',
  pw: { secret: 'DB' },
  nothing: null,
  none: [],
  arch: '{{ facts.arch }}',
  broken: 'x {{ nope }}',
}

const host = (name: string, more: Partial<Host> = {}): Host => ({
  name,
  connection: 'ssh',
  address: `${name}.example`,
  labels: { role: 'web' },
  groups: ['front'],
  vars,
  engine: { provider: 'docker', users: [] },
  at,
  ...more,
})

const facts = readFacts('hostname=web1\narch=x86_64\nos_id=debian\naddress=192.0.2.9\n')

function scopeWith(more: Partial<ScopeParts> = {}): Scope {
  const secrets: Project['secrets'] = {
    names: ['DB'],
    get(name, where) {
      if (name !== 'DB') throw usageError(`there is no secret "${name}"`, { at: where })
      return new Secret('DB', 'hunter2 "x')
    },
  }
  const hosts = [host('web1'), host('db1', { private: '10.0.0.1', vars: { domain: 'db.test', url: 'x-{{ domain }}' } })]
  return createScope({
    project: { hosts, groups: { front: { hosts: ['web1'] } }, secrets },
    host: host('web1'),
    masker: createMasker(),
    factsOf: name => (name === 'web1' ? facts : undefined),
    registers: { out: { rc: 0, stdout: 'ok', changed: true } },
    ...more,
  })
}

/** The answer, or the place and the message of the error. */
function answer(run: () => unknown): unknown {
  try {
    const value = run()
    return value instanceof Secret ? { secret: value.name, text: value.reveal() } : value
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return `${error.exit} ${error.at?.file}:${error.at?.line}:${error.at?.column} ${error.message}`
  }
}

test('templates give text', t => {
  const rows: [string, string][] = [
    ['no template, {not} even $here', 'no template, {not} even $here'],
    ['{{ domain }} {{url}} {{vars.domain}}', 'shop.test http://shop.test/ shop.test'],
    ['{{host.name}} {{host.address}} {{host.labels.role}} {{host.private}}', 'web1 web1.example web 192.0.2.9'],
    ['{{hosts.db1.private}} {{hosts.db1.vars.url}} {{groups.front.[0]}}', '10.0.0.1 x-db.test web1'],
    ['{{facts.os.family}} {{arch}} {{out.rc}} {{n}} {{big}} {{out.changed}}', 'debian x86_64 0 3 1.5 true'],
    ['{{#each names}}{{@index}}{{this}}{{#unless @last}},{{/unless}}{{/each}}', '0a,1b'],
    ['{{#each names as |x i|}}{{i}}={{x}}@{{../domain}} {{@root.n}};{{/each}}', '0=a@shop.test 3;1=b@shop.test 3;'],
    ['{{#each m.b}}{{@key}}:{{this}}{{/each}}{{#each none}}x{{else}}empty{{/each}}', 'c:deepempty'],
    ['{{#if none}}a{{else if n}}b{{else}}c{{/if}}{{#unless nothing}}d{{/unless}}', 'bd'],
    ['{{#with m.b}}{{c}}{{/with}} {{#with m as |q|}}{{q.a}}{{/with}}', 'deep 1'],
    ['{{json m}}|{{json "a\'b"}}', '{"a":1,"b":{"c":"deep"}}|"a\'b"'],
    ['{{yaml m}}', 'a: 1\nb:\n  c: deep'],
    ['{{default nope "d"}} {{default nothing 1}} {{default n 4}} {{default facts.nope.more "e"}}', 'd 1 3 e'],
    ['{{required n}} {{upper domain}} {{lower "AB"}} {{join names "+"}} {{join names}}', '3 SHOP.TEST ab a+b a,b'],
    ['{{quote "it\'s"}} {{quote names}} {{b64 "x"}} {{lookup m "a"}}', "'it'\\''s' a b eA== 1"],
    [
      '{{#if (eq n 3)}}e{{/if}}{{#if (ne n 3)}}n{{/if}}{{#if (and n (not nothing))}}a{{/if}}{{#if (or none nothing)}}o{{/if}}',
      'ea',
    ],
    ['<a href="{{url}}">&', '<a href="http://shop.test/">&'],
    ['{{!-- gone --}}x{{! gone }}\n{{#if n}}\nline\n{{/if}}\nend {{~ n ~}} !', 'x\nline\nend3!'],
    ['\\{{raw}} {{"text"}} {{{domain}}}', '{{raw}} text shop.test'],
  ]
  const scope = scopeWith()
  for (const [text, expected] of rows)
    t.same(renderText(text, { scope, file: 't.hbs' }), { text: expected, secret: false }, text)
  t.end()
})

test('templates: mistakes and their places', t => {
  const rows: [string, string | RegExp][] = [
    ['a\nb {{ domian }}', '3 t.hbs:2:6 "domian" is not known; did you mean "domain"?'],
    ['{{facts.os.famly}}', '3 t.hbs:1:3 "facts.os" has no "famly"; did you mean "family"?'],
    ['{{n.x}}', '3 t.hbs:1:3 "n" is no map, it has no "x"'],
    ['{{zzzzzzzz}}', /^3 t.hbs:1:3 "zzzzzzzz" is not known; known: .*domain/],
    ['{{#if nmes}}x{{/if}}', '3 t.hbs:1:7 "nmes" is not known; did you mean "names"?'],
    ['{{#each domian}}x{{/each}}', '3 t.hbs:1:9 "domian" is not known; did you mean "domain"?'],
    ['{{#each names}}{{domain}}{{/each}}', '3 t.hbs:1:18 "domain" is not known inside this block; say "@root.domain"'],
    ['{{names}}', '3 t.hbs:1:3 "names" is a list and cannot stand in text; say {{json …}}, {{yaml …}} or use #each'],
    ['{{m.b}}', '3 t.hbs:1:3 "m.b" is a map and cannot stand in text; say {{json …}}, {{yaml …}} or use #each'],
    ['{{nothing}}', '3 t.hbs:1:3 "nothing" has no value'],
    ['{{constructor}}{{x}}', /^3 t.hbs:1:3 "constructor" is not known/],
    ['{{m.toString}}', '3 t.hbs:1:3 "m" has no "toString"; known: a, b'],
    ['{{host.__proto__}}', /^3 t.hbs:1:3 "host" has no "__proto__"/],
    ['{{lookup m "constructor"}}', '3 t.hbs:1:3 lookup finds nothing for "constructor"'],
    ['{{uppr domain}}', '3 t.hbs:1:3 there is no helper "uppr"; did you mean "upper"?'],
    ['{{upper names}}', '3 t.hbs:1:3 upper takes text, not a list or a map'],
    ['{{upper}}', '3 t.hbs:1:3 upper takes 1 values, not 0'],
    ['{{json n indent=2}}', '3 t.hbs:1:3 json takes no named values'],
    ['{{required nope "set nope"}}', '3 t.hbs:1:3 set nope'],
    ['{{required nothing}}', '3 t.hbs:1:3 a required value is missing'],
    ['{{#foo n}}{{/foo}}', '3 t.hbs:1:4 there is no block "foo"; known: each, if, unless, with'],
    ['{{#each n}}{{/each}}', '3 t.hbs:1:9 #each takes a list or a map'],
    ['{{#if n m}}{{/if}}', '3 t.hbs:1:4 #if takes one value'],
    ['x {{> part}}', '3 t.hbs:1:3 partials and decorators are not part of the template language here'],
    ['{{../x}}', '3 t.hbs:1:3 "../x" leads out of the template'],
    ['{{@nope}}', '3 t.hbs:1:3 there is no @nope here'],
    ['{{item}}', /^3 t.hbs:1:3 "item" is not known/],
    ['a {{#if n}}\nb', '3 t.hbs:2:2 the template ends inside a block or an expression'],
    ['{{#if n}}{{/each}}', "3 t.hbs:1:4 if doesn't match each"],
    ['{{/if}}', '3 t.hbs:1:1 this closes a block that was not opened'],
    ['a {{ }}', '3 t.hbs:1:6 the expression is empty or not complete'],
    ['{{one}}', '3 t.hbs:1:3 the variable one needs itself: one → two → one'],
    ['{{broken}}', /^3 t.hbs:1:3 in the variable broken: "nope" is not known/],
    ['{{hosts.db1.facts.arch}}', '3 t.hbs:1:3 the facts of db1 are not known here'],
    [`{{eq ${'(not '.repeat(101)}`, '3 t.hbs:1:506 the template is nested too deeply'],
    ['{{#if n}}'.repeat(20_000), '3 t.hbs:1:901 the template is nested too deeply'],
  ]
  const scope = scopeWith()
  for (const [text, expected] of rows) {
    const got = answer(() => renderText(text, { scope, file: 't.hbs' }))
    const name = text.slice(0, 60)
    if (typeof expected === 'string') t.equal(got, expected, name)
    else t.match(got, expected, name)
  }
  t.end()
})

test("the engine's own templates pass through", t => {
  const scope = scopeWith()
  const text = '{{.Node.Hostname}}/{{ domain }} {{ .ID }}{{#each names}}{{.A}}{{this}}{{/each}}'
  const engineTemplates = true
  t.same(renderText(text, { scope, at, engineTemplates }).text, '{{.Node.Hostname}}/shop.test {{ .ID }}{{.A}}a{{.A}}b')
  t.equal(
    answer(() => renderText('{{.X}} {{nope1}}', { scope, file: 'f', engineTemplates }))
      ?.toString()
      .slice(0, 8),
    '3 f:1:10',
    'later places stay true',
  )
  t.match(
    answer(() => renderText('{{.X}}', { scope, file: 'f' })),
    /^3 f:1:3 /,
  )
  t.end()
})

test('values keep their types, secrets stay secrets', t => {
  const scope = scopeWith({ item: { port: 80 } })
  const rows: [unknown, unknown][] = [
    ['{{ names }}', ['a', 'b']],
    ['{{ n }}', 3],
    ['{{ item.port }}', 80],
    ['{{ nothing }}', null],
    ['{{ out.changed }}', true],
    [' {{ n }}', ' 3'],
    [
      { a: ['{{ m }}', 1], b: 'x{{n}}' },
      { a: [{ a: 1, b: { c: 'deep' } }, 1], b: 'x3' },
    ],
    ['{{ secrets.DB }}', { secret: 'DB', text: 'hunter2 "x' }],
    ['{{ pw }}', { secret: 'DB', text: 'hunter2 "x' }],
    [{ secret: 'DB' }, { secret: 'DB', text: 'hunter2 "x' }],
    ['{{ dsn }}?x', { secret: 'DB', text: 'pg://u:hunter2 "x@db?x' }],
    ['{{ quote pw }}', { secret: 'DB', text: `'hunter2 "x'` }],
    ['{{ upper pw }}', { secret: 'DB', text: 'HUNTER2 "X' }],
    ['{{ json m.b }}', '{"c":"deep"}'],
    [
      { secret: 'DB', other: 1 },
      { secret: 'DB', other: 1 },
    ],
  ]
  for (const [value, expected] of rows)
    t.same(
      answer(() => renderValue(value, undefined, scope)),
      expected,
      JSON.stringify(value),
    )
  t.equal(
    scope.masker.mask('run HUNTER2 "X and pg://u:hunter2 "x@db?x'),
    'run (secret DB) and (secret DB)',
    'what is made of a secret is masked too',
  )
  t.equal(
    renderText(`${'{{#if n}}x{{else if m}}y{{/if}}('.repeat(300)}`, { scope, file: 'f' }).text,
    'x('.repeat(300),
    'long is not deep',
  )
  t.same(renderText('a {{pw}}\nb', { scope, file: 'f' }), { text: 'a hunter2 "x\nb', secret: true, name: 'DB' })
  const raw = readYaml(
    'a: "x {{ nope }}"\nb: { secret: DX }\nc: |\n  one\n  two {{ nope }}\nd: plain {{ nope }}\ne: "\\x41 {{ nope }}"\n',
    'v.yaml',
  )
  const places = ['a', 'b', 'c', 'd', 'e'].map(key =>
    answer(() => renderValue({ [key]: (raw.value as Vars)[key] }, raw, scope)),
  )
  t.same(
    places.map(place => String(place).split(' ')[1]),
    ['v.yaml:1:10', 'v.yaml:2:14', 'v.yaml:5:10', 'v.yaml:6:13', 'v.yaml:7:4'],
    'places inside texts',
  )
  t.end()
})

test('variables: precedence from the host to the command line', t => {
  const scope = scopeWith({
    layers: [{ domain: 'play', n: 4 }, undefined, { n: 5, m: { a: 2 } }],
    overrides: { big: 'cli' },
  })
  t.equal(
    renderText('{{domain}} {{url}} {{n}} {{m.a}} {{m.b.c}} {{big}}', { scope, file: 'f' }).text,
    'play http://play/ 5 2 deep cli',
  )
  t.end()
})

test('conditions', t => {
  const rows: [string, unknown][] = [
    ['n == 3 && n + 1 > 3', true],
    ['n + 1', 4],
    ['big > 1', true],
    ['facts.os.family == "debian"', true],
    ['"a" in names', true],
    ['host.name in groups.front', true],
    ['names.exists(x, x == "b")', true],
    ['names.map(i, i + domain)', ['ashop.test', 'bshop.test']],
    ['out.rc == 0 ? "yes" : "no"', 'yes'],
    ['{"a": n}', { a: 3 }],
    ['[n, 1.5]', [3, 1.5]],
    ['m', { a: 1, b: { c: 'deep' } }],
    ['has(m.zz)', false],
    ['type(n) == int', true],
    ['pw == "hunter2 \\"x"', true],
    ['nothing == null', true],
    ['hosts["db1"].vars.url', 'x-db.test'],
    ['vars.list[0]', 'x'],
    ['url.startsWith("http")', true],
    ['size(names)', 2],
    ['facts.os.famly == "x"', '3 f.yaml:7:3 "facts.os" has no "famly"; did you mean "family"?'],
    ['domian == ""', '3 f.yaml:7:3 "domian" is not known; did you mean "domain"?'],
    ['false && domian == ""', '3 f.yaml:7:3 "domian" is not known; did you mean "domain"?'],
    ['"x" in list', '3 f.yaml:7:3 "list" is a type in expressions; say vars.list'],
    ['int(pw) == 1', '3 f.yaml:7:3 the expression is wrong: int() type error: cannot convert to int'],
    ['n ==', '3 f.yaml:7:3 the expression is wrong: unexpected token: EOF'],
    ['n / 0', '3 f.yaml:7:3 the expression is wrong: division by zero'],
    ['one == ""', '3 f.yaml:7:3 the variable one needs itself: one → two → one'],
    ['"x".matches("[")', '3 f.yaml:7:3 the expression is wrong: invalid regular expression: ['],
    ['("'.repeat(5000), /^3 f.yaml:7:3 /],
    ['names.constructor', /^3 f.yaml:7:3 /],
  ]
  const scope = scopeWith()
  for (const [text, expected] of rows) {
    const got = answer(() => evaluate(text, scope, at))
    if (expected instanceof RegExp) t.match(got, expected, text.slice(0, 40))
    else t.same(got, expected, text)
  }
  t.equal(evaluateCondition('n == 3', scope, at), true)
  t.equal(
    answer(() => evaluateCondition('n', scope, at)),
    '3 f.yaml:7:3 the condition must give true or false; it gives a number',
  )
  const raw = readYaml('when: n == 3 && facts.os.famly == "x"\nq: "domian"\n', 'w.yaml')
  t.match(
    answer(() => evaluate('n == 3 && facts.os.famly == "x"', scope, raw.where(['when']))),
    /^3 w.yaml:1:26 /,
  )
  t.match(
    answer(() => evaluate('domian', scope, raw.where(['q']))),
    /^3 w.yaml:2:5 /,
  )
  t.end()
})

test('what a value or a condition would read', t => {
  const rows: [unknown, string[]][] = [
    ['plain', []],
    ['{{ url }}', ['url', 'domain']],
    [{ a: ['{{#if arch}}{{out.rc}}{{/if}}'], b: { secret: 'X' } }, ['arch', 'facts', 'out', 'secrets']],
    ['{{ vars.arch }} {{ vars.n }}', ['vars', 'facts']],
    ['{{ host.private }}', ['host', 'facts']],
    ['{{ host.name }} {{ json (default item 1) }}', ['host', 'item']],
    ['{{ dsn }}', ['dsn', 'secrets']],
    ['{{ one }}', ['one', 'two']],
  ]
  for (const [value, expected] of rows) {
    const found = [...references(value, vars)].filter(name => !['if', 'json', 'default'].includes(name))
    t.same(found.sort(), expected.sort(), JSON.stringify(value))
  }
  t.same([...expressionReferences('arch == "" && names.exists(x, x == out.stdout)', vars)].sort(), [
    'arch',
    'facts',
    'names',
    'out',
  ])
  t.same([...expressionReferences('host.vars.dsn == ""', vars)].sort(), ['host', 'secrets'])
  t.ok(references('{{ vars }}', vars).has('facts'), 'all variables at once')
  t.end()
})

test("Compose's interpolation", t => {
  const environment = { A: 'a', EMPTY: '' }
  const rows: [string, string][] = [
    ['plain', 'plain'],
    ['$A ${A} $$A $A$A', 'a a $A aa'],
    ['${B:-x} ${EMPTY:-x} ${EMPTY-x}| ${B-x} ${A:-x}', 'x x | x a'],
    ['${A:+y} ${EMPTY:+y}| ${EMPTY+y} ${B+y}|', 'y | y |'],
    ['${B:-${C:-$A-deep}} ${B:-a}b} ${B:-$$}', 'a-deep ab} $'],
    ['${A:?no} ${EMPTY?no}', 'a '],
    ['${B:?must be set}', '3 f.yaml:7:3 the variable B is required: must be set'],
    ['${EMPTY:?}', '3 f.yaml:7:3 the variable EMPTY is required: it is not set'],
    ['${', '3 f.yaml:7:3 "${" is not a variable'],
    ['${A', '3 f.yaml:7:3 "${A" has no closing }'],
    ['a $ b', '3 f.yaml:7:3 "$ b" is not a variable'],
    ['${A!x}', '3 f.yaml:7:3 "${A!x}" is not a variable'],
    ['${constructor:-own}', 'own'],
  ]
  for (const [text, expected] of rows)
    t.equal(
      answer(() => interpolate(text, environment, at)),
      expected,
      text,
    )
  const unset: string[] = []
  t.equal(
    interpolate('[$B] ${B} ${C:-x}', environment, at, name => unset.push(name)),
    '[]  x',
  )
  t.same(unset, ['B', 'B'])
  t.end()
})

test('interpolation of whole values', t => {
  const raw = readYaml('a: ["x $A", 1]\nb: { $A: "${B}" }\nc: "y ${Q?}"\n', 'c.yaml')
  const unset: string[] = []
  const { a, b } = raw.value as Vars
  t.same(
    interpolateValue({ a, b }, raw, { A: '1' }, (name, where) => unset.push(`${name} ${where.line}:${where.column}`)),
    { a: ['x 1', 1], b: { $A: '' } },
  )
  t.same(unset, ['B 2:11'])
  t.equal(
    answer(() => interpolateValue(raw.value, raw, {})),
    '3 c.yaml:3:7 the variable Q is required: it is not set',
  )
  t.end()
})

test('the nearest name', t => {
  const rows: [string, string[], string | undefined][] = [
    ['prot', ['port', 'user'], 'port'],
    ['Adress', ['address', 'user'], 'address'],
    ['x', ['a', 'b'], undefined],
    ['', ['a'], undefined],
    ['envronment', ['environment', 'engine'], 'environment'],
  ]
  for (const [name, known, expected] of rows) t.equal(nearest(name, known), expected, name)
  t.end()
})

test('600 damaged templates and conditions give errors for users and nothing else', t => {
  const scope = scopeWith()
  const template =
    'a {{#each names as |x|}}{{x}} {{@index}}{{else}}{{default m.a "b"}}{{/each}} {{#if (eq n 3)}}{{json m}}{{/if}} {{.X}}'
  const condition = 'n == 3 && names.exists(x, x == "a") || has(m.b) ? facts.os.family : {"a": [1, 2.5]}'
  const bits = [
    '{{',
    '}}',
    '{{#if n}}',
    '{{/',
    '(',
    ')',
    '|',
    '"',
    "'",
    '.',
    '@',
    '../',
    '[',
    ']',
    '{',
    '}',
    '~',
    '\\',
    '!',
    '>',
    '1',
    ' in ',
    '?',
    ':',
    '\u0000',
    '\n',
  ]
  let seed = 99
  const random = (below: number): number => {
    seed = (seed + 0x6d2b79f5) | 0
    const mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
  const damage = (text: string): string => {
    const start = random(text.length)
    return text.slice(0, start) + (bits[random(bits.length)] ?? '') + text.slice(start + random(6))
  }
  let refused = 0
  for (let round = 0; round < 600; round++) {
    const text = damage(damage(round % 2 === 0 ? template : condition))
    const run = (): unknown =>
      round % 2 === 0 ? renderText(text, { scope, file: 'f', engineTemplates: true }) : evaluate(text, scope, at)
    try {
      run()
    } catch (error) {
      refused++
      if (!(error instanceof UserError) || error.at === undefined) t.fail(`${text}: ${String(error)}`)
    }
  }
  t.ok(refused > 200, `${refused} of 600 were refused`)
  t.end()
})
