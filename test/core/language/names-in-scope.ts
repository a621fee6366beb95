// The names that the language's tests read: a host, its variables, facts and a secret.
import { anyEngine } from '../../../core/engine-want.js'
import { UserError, usageError } from '../../../core/errors.js'
import { readFacts } from '../../../core/facts.js'
import { createScope, type Scope, type ScopeParts } from '../../../core/language/index.js'
import type { Host, Project } from '../../../core/project.js'
import type { Vars } from '../../../core/raw.js'
import { createMasker, Secret } from '../../../core/secret.js'

/** Where values of no file stand. */
export const at = { file: 'f.yaml', line: 7, column: 3 }

/** The variables of both hosts. */
export const vars: Vars = {
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
  engine: anyEngine(),
  at,
  ...more,
})

const facts = readFacts(
  '@told\nhostname=web1\narch=x86_64\n@files\n/etc/os-release:ID=debian\n@route\n192.0.2.1 dev eth0 src 192.0.2.9\n',
)

/** The scope of `web1`; `more` goes over it. */
export function scopeWith(more: Partial<ScopeParts> = {}): Scope {
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
export function answer(run: () => unknown): unknown {
  try {
    const value = run()
    return value instanceof Secret ? { secret: value.name, text: value.reveal() } : value
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return `${error.exit} ${error.at?.file}:${error.at?.line}:${error.at?.column} ${error.message}`
  }
}
