// Conditions: what they give, and every mistake with its place.
import type { Test } from 'tap'
import { readYaml } from '../../../core/config/index.js'
import { checkExpression } from '../../../core/language/condition.js'
import { evaluate, evaluateCondition } from '../../../core/language/index.js'
import { answer, at, scopeWith } from './names-in-scope.js'

/** Expressions and their answers. */
export function testConditions(t: Test): void {
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
    ['"domian" in vars && domian == ""', false],
    ['has(vars.domian) ? domian : "none"', 'none'],
    ['"domain" in vars && domain == "shop.test"', true],
    ['!("domian" in vars) && domian == ""', '3 f.yaml:7:3 "domian" is not known; did you mean "domain"?'],
    ['"domian" in vars && domani == ""', '3 f.yaml:7:3 "domani" is not known; did you mean "domain"?'],
    ['inventory_hostname == "a"', '3 f.yaml:7:3 "inventory_hostname" is not known; here it is host.name'],
    ['ansible_date_time == 1', /facts are under facts: see .longshore facts.$/],
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
  const brought: [string, RegExp][] = [
    ['domain is defined', /; conditions are CEL: say "NAME" in vars$/],
    ['out is changed', /say x\.changed/],
    ['not n', /say &&, \|\| and !$/],
    ['n == 3 and big > 1', /say &&, \|\| and !$/],
    ['names | length > 1', /has no filters/],
    ['"a" not in names', /say !\(x in y\)$/],
    ['{{ n }} == 3', /leave out the \{\{ \}\}$/],
    ['n ==', /unexpected token: EOF$/],
  ]
  for (const [text, expected] of brought)
    t.match(
      answer(() => checkExpression(text, at)),
      expected,
      text,
    )
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
}
