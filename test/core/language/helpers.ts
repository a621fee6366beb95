// Helpers: what each makes of its values, what it refuses, that secrets stay secrets, and the same words in conditions.
import type { Test } from 'tap'
import {
  evaluate,
  evaluateCondition,
  expressionReferences,
  lookupsOver,
  references,
  renderText,
  renderValue,
} from '../../../core/language/index.js'
import { filesOf } from '../config/project-in-memory.js'
import { answer, at, scopeWith, vars } from './names-in-scope.js'

const value = (text: string, scope = scopeWith()): unknown => answer(() => renderValue(text, undefined, scope))

/** Calls and their values. */
export function testHelpers(t: Test): void {
  const rows: [string, unknown][] = [
    ['hash "abc"', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['hash "abc" "md5"', '900150983cd24fb0d6963f7d28e17f72'],
    ['hash "abc" "sha1"', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['unb64 (b64 "Grüße")', 'Grüße'],
    ['from_json "{\\"a\\": [1, null]}"', { a: [1, null] }],
    ['from_yaml "a: [1, x]"', { a: [1, 'x'] }],
    ['from_yaml (yaml m)', { a: 1, b: { c: 'deep' } }],
    ['trim "  a b "', 'a b'],
    ['replace "a.b.c" "." "$&"', 'a$&b$&c'],
    ['split "a,b,,c" ","', ['a', 'b', '', 'c']],
    ['split "  a  b "', ['a', 'b']],
    ['first names', 'a'],
    ['last names', 'b'],
    ['default (first none) "none"', 'none'],
    ['sort (split "b c a")', ['a', 'b', 'c']],
    ['sort (from_json "[10, 9, \\"x\\", 1.5]")', [1.5, 9, 10, 'x']],
    ['sort (items m.b) "key"', [{ key: 'c', value: 'deep' }]],
    ['unique (split "a b a c b")', ['a', 'b', 'c']],
    ['unique (from_json "[{\\"a\\":1},{\\"a\\":1}]")', [{ a: 1 }]],
    ['length names', 2],
    ['length m', 2],
    ['length "Grüße"', 5],
    ['range 1 4', [1, 2, 3]],
    ['range 0 10 5', [0, 5]],
    ['range 3 0 -1', [3, 2, 1]],
    ['range 3 1', []],
    ['keys m', ['a', 'b']],
    ['values m.b', ['deep']],
    ['items m.b', [{ key: 'c', value: 'deep' }]],
    ['merge m (from_json "{\\"b\\": {\\"d\\": 2}, \\"a\\": [1]}")', { a: [1], b: { c: 'deep', d: 2 } }],
    ['concat names list none', ['a', 'b', 'x']],
    ['append names "c" 1', ['a', 'b', 'c', 1]],
    ['sum (range 1 5)', 10],
    ['min (range 3 6)', 3],
    ['max (range 3 6)', 5],
    ['add 1 "2" 3', 6],
    ['sub 1 2', -1],
    ['mul 2 2.5', 5],
    ['div 7 2', 3.5],
    ['mod -1 3', 2],
    ['int "7.9"', 7],
    ['int (div 7 2)', 3],
    ['bool "Yes"', true],
    ['bool 0', false],
    ['string 5', '5'],
    ['lt 2 "10"', true],
    ['lt "b" "a"', false],
    ['le 2 2', true],
    ['gt n 2', true],
    ['ge 1 2', false],
    ['contains names "b"', true],
    ['contains "abc" "d"', false],
    ['contains m "a"', true],
    ['startswith domain "shop"', true],
    ['endswith domain ".com"', false],
    ['match "web12" "^web\\d+$"', true],
    ['regex_replace "a1b22" "\\d+" "#"', 'a#b#'],
    ['regex_replace "k=v" "(\\w)=(\\w)" "\\2=\\1"', 'v=k'],
    ['basename "/etc/motd"', 'motd'],
    ['dirname "/etc/motd"', '/etc'],
    ['indent "a\n\nb" 2', 'a\n\n  b'],
    ['indent "a\nb" 2 true', '  a\n  b'],
    ['ip_address "10.0.0.5/24"', '10.0.0.5'],
    ['ip_network "10.0.0.5/24"', '10.0.0.0/24'],
    ['ip_network "10.0.0.5/255.255.255.128"', '10.0.0.0/25'],
    ['ip_netmask "10.0.0.5/20"', '255.255.240.0'],
    ['ip_prefix "10.0.0.5"', 32],
    ['ip_broadcast "10.0.0.5/24"', '10.0.0.255'],
    ['ip_add "10.0.0.0/24" 5', '10.0.0.5'],
    ['ip_add "10.0.0.250" 10', '10.0.1.4'],
    ['ip_in "10.0.0.5" "10.0.0.0/24"', true],
    ['ip_in "10.0.1.5" "10.0.0.0/24"', false],
    ['ip_in "10.0.0.0/8" "10.0.0.0/24"', false],
    ['ip_in "::1" "10.0.0.0/24"', false],
    ['ip_network "2001:db8:0:0:1::5/64"', '2001:db8::/64'],
    ['ip_address "2001:0db8:0:0:0:0:0:1"', '2001:db8::1'],
    ['ip_address "1:0:0:2:0:0:0:3"', '1:0:0:2::3'],
    ['ip_address "::ffff:10.0.0.1"', '::ffff:a00:1'],
    ['ip_add "2001:db8::/64" 16', '2001:db8::10'],
    ['ip_in "2001:db8::42" "2001:db8::/32"', true],
    ['ip_version "::"', 6],
    ['ip_address "::"', '::'],
  ]
  for (const [call, expected] of rows) t.same(value(`{{ ${call} }}`), expected, call)
  const each = '{{#each (range 1 4)}}{{this}}{{/each}}{{#each (items m.b)}}{{key}}={{value}}{{/each}}'
  t.equal(renderText(each, { scope: scopeWith(), file: 'f' }).text, '123c=deep')
  const scope = scopeWith({ layers: [{ items: [1, 2], file: 'f.txt' }] })
  const own = '{{file}}{{#each items as |first|}} {{first}}{{/each}} {{length items}}'
  t.equal(renderText(own, { scope, file: 'f' }).text, 'f.txt 1 2 2', 'a name of the user is no helper')
  const inside = answer(() => renderText('{{#each items}}{{file}}{{/each}}', { scope, file: 'f' }))
  t.match(inside, /"file" is not known inside this block; say "@root.file"/)
}

/** Calls that are refused, in which words. */
export function testHelperMistakes(t: Test): void {
  const rows: [string, string][] = [
    ['hash "a" "crc"', 'hash knows sha256, sha1, md5, sha512, not "crc"'],
    ['unb64 "%%"', 'unb64 takes base64'],
    ['unb64 "/w=="', 'unb64 gives text, and these bytes are none'],
    ['from_json "{"', 'from_json cannot read this as JSON'],
    ['first none', 'first finds no first entry in an empty list'],
    ['first m', 'first takes a list'],
    ['keys names', 'keys takes a map'],
    ['sort (items m) "x"', 'sort finds no "x" in an entry'],
    ['range 1 1000000', 'range gives at most 10000 numbers'],
    ['range 1 2 0', 'range takes no step of 0'],
    ['add 1 "x"', 'add takes numbers, not "x"'],
    ['div 1 0', 'div has no result for these numbers'],
    ['bool "maybe"', 'bool takes true, false, yes, no, on, off, 1 or 0'],
    ['match "a" "["', 'match cannot read the regular expression: '],
    ['ip_address "10.0.0.256"', 'ip_address takes an IP address, with or without /PREFIX, not "10.0.0.256"'],
    ['ip_network "10.0.0.1/33"', 'ip_network takes an IP address, with or without /PREFIX, not "10.0.0.1/33"'],
    ['ip_netmask "10.0.0.1/255.0.255.0"', 'ip_netmask takes an IP address'],
    ['ip_add "10.0.0.0/24" 256', 'ip_add leads out of 10.0.0.0/24'],
    ['ip_broadcast "::1"', 'ip_broadcast takes IPv4: IPv6 has no broadcast'],
    ['indent "a" 1000', 'indent takes 0 to 200 spaces'],
    ['env "NOPE"', "env finds no variable NOPE in this machine's environment"],
    ['file "x"', 'the file x cannot be read here'],
    ['secret "NOPE"', 'there is no secret "NOPE"'],
    ['frist names', 'there is no helper "frist"; did you mean "first"?'],
  ]
  for (const [call, message] of rows) {
    const told = String(value(`{{ ${call} }}`))
    t.ok(told.startsWith('3 ') && told.includes(message), `${call}: ${told}`)
  }
}

/** What is made of a secret is one, and masked. */
export function testSecretHelpers(t: Test): void {
  const scope = scopeWith()
  const hashed = value('{{ hash pw }}', scope) as { secret: string; text: string }
  t.equal(hashed.secret, 'DB')
  t.match(hashed.text, /^[0-9a-f]{64}$/)
  t.equal(scope.masker.mask(`x ${hashed.text}`), 'x (secret DB)')
  for (const call of ['replace pw "h" "H"', 'trim (secret "DB")', 'string pw', 'first (split pw "\\"")', 'length pw'])
    t.match(value(`{{ ${call} }}`, scope), { secret: 'DB' }, call)
  t.equal(value('{{ startswith pw "hunter" }}', scope), true, 'a truth value is none')
  const words = renderValue('{{ split pw }}', undefined, scope)
  t.notMatch(JSON.stringify(words), /hunter2/, 'texts in a list')
  const merged = renderValue('{{ merge m (from_yaml "{ k: v }") }}', undefined, scopeWith())
  t.same(merged, { a: 1, b: { c: 'deep' }, k: 'v' })
  t.notMatch(JSON.stringify(renderValue('{{ append names pw }}', undefined, scope)), /hunter2/, 'inside of lists, too')
  t.equal(renderText('{{ join (append names pw) "+" }}', { scope, file: 'f' }).secret, true)
}

/** Files, the environment and secrets, from what the scope's maker gives. */
export function testLookups(t: Test): void {
  const lookups = lookupsOver({
    files: filesOf({
      '/p/plays/a.txt': 'beside\n',
      '/p/a.txt': 'project\n',
      '/p/b.json': '{"port": 80}',
      '/abs': 'abs',
    }),
    folders: ['/p/plays', '/p'],
    environment: { HOME: '/root', EMPTY: '' },
  })
  const scope = scopeWith({ lookups })
  const rows: [string, unknown][] = [
    ['file "a.txt"', 'beside\n'],
    ['trim (file "../a.txt")', 'project'],
    ['lookup (from_json (file "b.json")) "port"', 80],
    ['file "/abs"', 'abs'],
    ['default (file "nope") "d"', 'd'],
    ['env "HOME"', '/root'],
    ['env "EMPTY"', ''],
    ['default (env "NOPE") "d"', 'd'],
    ['default (lookup m "zz") 1', 1],
    ['secret "DB"', { secret: 'DB', text: 'hunter2 "x' }],
  ]
  for (const [call, expected] of rows) t.same(value(`{{ ${call} }}`, scope), expected, call)
  t.match(value('{{ file "nope" }}', scope), /file finds no file nope \(looked for \/p\/plays\/nope and \/p\/nope\)/)
  t.same([...references('{{ trim (secret "DB") }} {{ first (split url) }}', vars)].sort(), ['domain', 'secrets', 'url'])
  t.same([...expressionReferences('secret("DB") == lower(url)', vars)].sort(), ['domain', 'secrets', 'url'])
}

/** Of a secret's text a list of expressions holds secrets, so that a loop's entries are some. */
export function testSecretsInExpressions(t: Test): void {
  const scope = scopeWith()
  const entries = evaluate('["plain", pw, hash(pw), {"k": pw}]', scope, at)
  t.match(entries, ['plain', { name: 'DB' }, { name: 'DB' }, { k: { name: 'DB' } }])
  t.notMatch(JSON.stringify(entries), /hunter2|[0-9a-f]{64}/)
  t.throws(() => evaluateCondition('pw', scope, at), {
    message: 'the condition must give true or false; it gives text',
  })
}

/** The same words in conditions. */
export function testHelpersInConditions(t: Test): void {
  const scope = scopeWith({ lookups: lookupsOver({ files: filesOf({}), folders: [], environment: { HOME: '/root' } }) })
  const rows: [string, unknown][] = [
    ['length(names) == 2 && size(names) == 2', true],
    ['contains(names, "a") && startswith(domain, "shop")', true],
    ['ip_in("10.0.0.5", "10.0.0.0/24")', true],
    ['lower("AB") == "ab"', true],
    ['sort(split("b a"))', ['a', 'b']],
    ['range(0, 3).map(i, i * 2)', [0, 2, 4]],
    ['items(m.b).all(x, x.key == "c")', true],
    ['env("HOME") == "/root"', true],
    ['secret("DB") == pw', true],
    ['pw', { secret: 'DB', text: 'hunter2 "x' }],
    ['"u:" + pw', { secret: 'DB', text: 'u:hunter2 "x' }],
    ['upper("u:" + pw)', { secret: 'DB', text: 'U:HUNTER2 "X' }],
    ['int(sum([1, 2])) + n', 6],
    ['div(n, 2)', 1.5],
    ['merge(m, {"z": 1}).z', 1],
    ['match(domain, "^shop")', true],
    ['ip_in("x", "10.0.0.0/24")', /^3 f.yaml:7:3 ip_in takes an IP address/],
    ['file("nope") == ""', /^3 f.yaml:7:3 file finds no file nope/],
    ['frist(names) == "a"', /^3 f.yaml:7:3 the expression is wrong: .*frist/],
  ]
  for (const [text, expected] of rows) {
    const given = answer(() => evaluate(text, scope, at))
    if (expected instanceof RegExp) t.match(given, expected, text)
    else t.same(given, expected, text)
  }
}
