// Compose files that are wrong, and what is said about them.
import type { Tree } from '../containers/project-on-disk.js'

const one = (yaml: string): Tree => ({ 'c.yaml': yaml })

/** Files, lines of longshore.yaml below its project, and what the refusal says. */
export const mistakes: [tree: Tree, lines: string, expected: RegExp][] = [
  [{}, 'compose: [c.yaml]', /^3 2:11 there is no \/.*\/c\.yaml/],
  [{ c: { x: '' } }, 'compose: [c]', /^3 2:11 .*\/c/],
  [one('services: { a: { image: x, env_file: . } }'), 'compose: [c.yaml]', /^3 1:38 a: /],
  [
    one('services: { a: { image: x, extra_hosts: { b: "" } } }'),
    'compose: [c.yaml]',
    /^3 1:\d+ a\.extra_hosts.*"b:" is no/,
  ],
  [one(''), 'compose: [c.yaml]', /^3 1:1 the Compose file is empty/],
  [one('servces: {}'), 'compose: [c.yaml]', /^3 1:1 unknown key `servces` in a Compose file; did you mean "services"/],
  [one('services: []'), 'compose: [c.yaml]', /^3 1:11 services must be a map/],
  [one('services: { a: }'), 'compose: [c.yaml]', /^3 1:16 services\.a must be a map/],
  [one('services: { a: { image: "${X:?say X}" } }'), 'compose: [c.yaml]', /^3 1:26 the variable X is required: say X/],
  [one('services: { a: { image: "${X" } }'), 'compose: [c.yaml]', /^3 1:26 .*no closing \}/],
  [
    one('services: { a: { image: x, imagee: x } }'),
    'compose: [c.yaml]',
    /^3 1:28 a: unknown key `imagee`; did you mean "image"/,
  ],
  [
    one('services: { a: { image: x, on: all } }'),
    'compose: [c.yaml]',
    /^3 1:28 a: `on` is not Compose's: say it under x-longshore/,
  ],
  [
    one('services: { a: { image: x, x-longshore: { onn: all } } }'),
    'compose: [c.yaml]',
    /^3 1:43 a\.x-longshore: unknown key `onn`; did you mean "on"/,
  ],
  [
    one('services: { a: { image: x, use_api_socket: true } }'),
    'compose: [c.yaml]',
    /^3 1:28 a: `use_api_socket`: give it/,
  ],
  [
    one('services: { a: { image: x, mem_limit: lots } }'),
    'compose: [c.yaml]',
    /^3 1:39 a\.mem_limit.*"lots" is no size/,
  ],
  [
    one('services: { a: { image: x, env_file: no.env } }'),
    'compose: [c.yaml]',
    /^3 1:38 a: there is no env_file \/.*no\.env/,
  ],
  [
    one('services: { a: { image: x, configs: [c] } }\nconfigs: { d: { content: x } }'),
    'compose: [c.yaml]',
    /^3 1:38 a: there is no config "c"/,
  ],
  [
    one('services: { a: { image: x } }\nconfigs: { d: { content: x, file: y } }'),
    'compose: [c.yaml]',
    /^3 2:\d+ config d: it has exactly one of/,
  ],
  [
    one('services: { a: { image: x } }\nconfigs: { d: { external: true, name: e } }'),
    'compose: [c.yaml]',
    /^3 2:\d+ config d: `external`: what is made outside of the project is not taken by this version: say `file`, or `environment`$/,
  ],
  [
    one('services: { a: { image: x } }\nsecrets: { d: { external: true, file: no } }'),
    'compose: [c.yaml]\nengine: { provider: swarm }',
    /^3 2:\d+ secret d: `external`: what is made outside of the project is not taken/,
  ],
  [
    one('services: { a: { image: x } }\nnetworks: { n: { atachable: true } }'),
    'compose: [c.yaml]',
    /^3 2:18 network n: unknown key `atachable`; did you mean "attachable"/,
  ],
  [
    one('services: { a: { image: x, profiles: [p] }, b: { image: x, depends_on: [a] } }'),
    'compose: [c.yaml]',
    /^3 1:73 b: service "a" is left out, because none of its profiles is active \(p\)/,
  ],
  [
    one('services: { a: { image: x, profiles: [p] }, b: { image: x, links: ["a:z"] } }'),
    'compose: [{ file: c.yaml, profiles: [q] }]',
    /^3 1:68 b: service "a" is left out/,
  ],
  [
    one('services: { a: { image: x, deploy: { update_config: { ordr: x } } } }'),
    'compose: [c.yaml]',
    /^3 1:55 a\.deploy\.update_config: unknown key `ordr`; did you mean "order"/,
  ],
  [
    one('services: { a: { build: { context: ., at: once } } }'),
    'compose: [c.yaml]',
    /^3 1:39 a\.build: unknown key `at`/,
  ],
  [
    one('services: { a: { extends: b }, b: { extends: a } }'),
    'compose: [c.yaml]',
    /^3 1:46 services extend each other: a → b → a/,
  ],
  [
    one('services: { a: { extends: bb }, b: { image: x } }'),
    'compose: [c.yaml]',
    /^3 1:27 there is no service "bb" to extend; did you mean "b"/,
  ],
  [
    one('services: { a: { extends: { file: d.yaml, service: b } } }'),
    'compose: [c.yaml]',
    /^3 1:35 there is no \/.*d\.yaml/,
  ],
  [
    { 'c.yaml': 'include: [d.yaml]', 'd.yaml': 'include: [c.yaml]' },
    'compose: [c.yaml]',
    /^3 1:11 files include each other: .*c\.yaml → .*d\.yaml → .*c\.yaml/,
  ],
  [
    { 'c.yaml': 'include: [d.yaml]\nservices: { a: { image: x } }', 'd.yaml': 'services: { a: { image: y } }' },
    'compose: [c.yaml]',
    /^3 2:13 services\.a is included too, from .*d\.yaml:1, and differs there/,
  ],
  [
    { 'c.yaml': 'include: [{ path: d.yaml, env_file: no }]', 'd.yaml': 'services: {}' },
    'compose: [c.yaml]',
    /^3 1:37 there is no \/.*\/no$/,
  ],
  [
    {
      'c.yaml': 'services: { a: { image: x, sysctls: [a=1] } }',
      'd.yaml': 'services: { a: { healthcheck: [x] } }',
      'e.yaml': 'services: { a: { healthcheck: { test: x } } }',
    },
    'compose: [{ file: [c.yaml, d.yaml, e.yaml] }]',
    /^3 1:31 this is a map, and a list at .*d\.yaml:1, over which it is laid/,
  ],
  [
    one('services: { a: { image: x } }'),
    'containers: { a: { image: y } }\ncompose: [c.yaml]',
    /^3 1:13 service a is declared at .*longshore\.yaml:2 already/,
  ],
  [
    {
      'c.yaml': 'services: { a: { image: x } }\nvolumes: { v: { driver: a } }',
      'd.yaml': 'services: { b: { image: x } }\nvolumes: { v: { driver: b } }',
    },
    'compose: [c.yaml, d.yaml]',
    /^3 2:12 volume v is declared at .*c\.yaml:2 already, and differs there/,
  ],
  [
    one('services: { a: { image: x } }'),
    'hosts: { a: {}, b: {} }\ncompose: [c.yaml]',
    /^3 1:13 a: the project has 2 hosts.*say `on: all`/,
  ],
  [
    one('services: { a: { image: x } }'),
    'compose: [{ file: c.yaml, onn: x }]',
    /^3 2:27 .*unknown key "onn".*did you mean "on"/,
  ],
  [
    one(
      'services: { a: { image: x, volumes: ["v:/v"] } }\nvolumes: { v: { driver_opts: { type: none, o: bind, device: ./d } } }',
    ),
    'hosts: { far: { address: 192.0.2.1 } }\ncompose: [c.yaml]',
    /^3 2:61 volume v: \.\/d lies on this machine, and the volume is on far/,
  ],
  [
    one('services: { a: { image: x, secrets: [s] } }\nsecrets: { s: { file: ./s } }'),
    'hosts: { far: { address: 192.0.2.1 } }\ncompose: [c.yaml]',
    /^3 2:23 a: there is no \/.*\/s to bring to far; /,
  ],
]
