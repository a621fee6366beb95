// Templates: what they give, and every mistake with its place.
import type { Test } from 'tap'
import { renderText } from '../../../core/language/index.js'
import { answer, at, scopeWith } from './names-in-scope.js'

/** Templates and the text they give. */
export function testTemplates(t: Test): void {
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
    ['{%Y} {{"{%"}} if x %}', '{%Y} {% if x %}'],
    ['\\{{raw}} {{"text"}} {{{domain}}}', '{{raw}} text shop.test'],
  ]
  const scope = scopeWith()
  for (const [text, expected] of rows)
    t.same(renderText(text, { scope, file: 't.hbs' }), { text: expected, secret: false }, text)
}

/** Templates and what is told about them. */
export function testTemplateMistakes(t: Test): void {
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
    ['{{ domain | upper }}', /^3 t.hbs:1:\d+ .*; helpers stand before their values/],
    ["a {{ m['b'] }}", /; keys follow a dot/],
    ['{{upper(domain)}}', /; helpers take no brackets of their own/],
    ['{{ n + 1 }}', /; helpers reckon/],
    ['{{ n == 1 }}', /; helpers compare/],
    ['{{ inventory_hostname }}', '3 t.hbs:1:4 "inventory_hostname" is not known; here it is host.name'],
    ['{{ hostvars.db1 }}', /; here it is hosts.NAME.vars$/],
    ['a\n{% if n %}b{% endif %}', /^3 t.hbs:2:1 "\{% … %\}" is Jinja; here it is \{\{#if x\}\}/],
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
}

/** The engine's own templates pass through. */
export function testEngineTemplates(t: Test): void {
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
}
