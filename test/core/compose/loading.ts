// Compose files as they are: what is read of them, in the shape of plain data.
import type { Tree } from '../containers/project-on-disk.js'

/** Files beside longshore.yaml, its `compose:`, and what comes of it: services by name (`on` and the file's keys). */
export const loadings: { name: string; tree: Tree; compose: string; services: Record<string, unknown> }[] = [
  {
    name: 'anchors, merge keys, x- fields, version and octal numbers',
    tree: {
      'compose.yaml':
        'version: "2"\nx-a: &a { image: x, labels: &l { p: 1, q: 1 } }\nservices:\n  a: { <<: *a, labels: { <<: *l, q: 2 }, x-mine: 5 }\n  b: { image: x, volumes: [{ type: tmpfs, target: /t, tmpfs: { mode: 0700 } }] }\n',
    },
    compose: '[compose.yaml]',
    services: {
      a: { image: 'x', labels: { p: 1, q: 2 }, 'x-mine': 5 },
      b: { image: 'x', volumes: [{ type: 'tmpfs', target: '/t', tmpfs: { mode: 448 } }] },
    },
  },
  {
    name: 'variables: the process before .env beside the file before the project, nested forms and dollars',
    tree: {
      '.env': 'WHO=project\nONLY=project\n',
      sub: {
        '.env': 'WHO=sub\nCOLOR=red\n',
        'c.yaml':
          'services: { a: { image: "$WHO-$ONLY-${COLOR}", command: ["$$X", "${N:-${WHO:+y$$}}", "${WHO-a}${N-}${N+z}", "$COMPOSE_PROJECT_NAME"] } }\n',
      },
    },
    compose: '[sub/c.yaml]',
    services: { a: { image: 'sub-project-blue', command: ['$X', 'y$', 'sub', 'shop'] } },
  },
  {
    name: 'several files: maps merge, lists are appended and unique by key, commands replaced, tags obeyed',
    tree: {
      'a.yaml': `services:
  a:
    image: x
    command: [one]
    environment: { A: 1, B: 1, C: 1 }
    ports: ["80:80", "127.0.0.1:81:81/udp", { target: 82 }]
    volumes: ["d:/d", "/e:/e:ro"]
    dns: 1.1.1.1
    cap_add: [A]
    depends_on: [b]
    build: ./src
    logging: { driver: x, options: { a: 1 } }
    healthcheck: { test: a, retries: 1 }
    ulimits: { nofile: 5 }
    networks: [default]
  b: { image: x }
  c: { image: x }
volumes: { d: }
`,
      'b.yaml': `services:
  a:
    command: [two]
    environment: ["B=2", "D"]
    ports: ["80:80/tcp", "81:81/udp", "82"]
    volumes: ["f:/d/", { type: bind, source: /g, target: /g }]
    dns: [1.1.1.1, 8.8.8.8]
    cap_add: !reset []
    depends_on: { b: { condition: service_healthy } }
    build: { target: t }
    logging: { driver: y, options: { b: 1 } }
    healthcheck: { test: b }
    ulimits: !override { nproc: 1 }
    networks: { default: { aliases: [z] } }
    labels: { gone: !reset x, kept: 1 }
  c: !reset null
  d: !reset { image: x }
volumes: { f: }
`,
    },
    compose: '[{ file: [a.yaml, b.yaml] }]',
    services: {
      a: {
        image: 'x',
        command: ['two'],
        environment: { A: 1, B: '2', C: 1, D: null },
        ports: ['80:80/tcp', '127.0.0.1:81:81/udp', '82', '81:81/udp'],
        volumes: ['f:/d/', '/e:/e:ro', { type: 'bind', source: '/g', target: '/g' }],
        dns: ['1.1.1.1', '8.8.8.8'],
        depends_on: { b: { condition: 'service_healthy' } },
        build: { context: './src', target: 't' },
        logging: { driver: 'y', options: { b: 1 } },
        healthcheck: { test: 'b', retries: 1 },
        ulimits: { nproc: 1 },
        networks: { default: { aliases: ['z'] } },
        labels: { kept: 1 },
      },
      b: { image: 'x' },
    },
  },
  {
    name: 'extends: of this file, of another in its own folder, and of one that extends',
    tree: {
      'compose.yaml':
        'services:\n  a: { extends: b, command: [a] }\n  b: { extends: { file: lib/base.yaml, service: base }, environment: { B: 1 } }\n',
      lib: {
        'base.yaml':
          'services:\n  base: { extends: root, env_file: ["./x.env", { path: y.env }], volumes: ["./v:/v", "named:/n", "/abs:/abs"], build: . }\n  root: { image: x, environment: [A=1], label_file: l }\n',
      },
    },
    compose: '[compose.yaml]',
    services: {
      a: {
        image: 'x',
        environment: { A: '1', B: 1 },
        label_file: './lib/l',
        env_file: ['./lib/x.env', { path: './lib/y.env' }],
        volumes: ['./lib/v:/v', 'named:/n', '/abs:/abs'],
        build: './lib',
        command: ['a'],
      },
      b: {
        image: 'x',
        environment: { A: '1', B: 1 },
        label_file: './lib/l',
        env_file: ['./lib/x.env', { path: './lib/y.env' }],
        volumes: ['./lib/v:/v', 'named:/n', '/abs:/abs'],
        build: './lib',
      },
    },
  },
  {
    name: 'include: short and long, with its own folder, variables and files, and an override',
    tree: {
      'compose.yaml':
        'include:\n  - sub/c.yaml\n  - { path: [other/a.yaml, other/b.yaml], project_directory: ., env_file: [one.env, two.env] }\nservices: { a: { image: x } }\n',
      'over.yaml': 'services: { s: { command: [over] } }\n',
      'one.env': 'V=1\nW=1\n',
      'two.env': 'V=2\nCOLOR=no\n',
      sub: { '.env': 'V=sub\n', 'c.yaml': 'services: { s: { image: "s-$V", volumes: ["./d:/d"] } }\n' },
      other: {
        'a.yaml': 'services: { o: { image: "o-$V-$W-$COLOR", volumes: ["./d:/d"] } }\n',
        'b.yaml': 'services: { o: { command: [b] } }\n',
      },
    },
    compose: '[{ file: [compose.yaml, over.yaml] }]',
    services: {
      a: { image: 'x' },
      s: { image: 's-sub', volumes: ['./sub/d:/d'], command: ['over'] },
      o: { image: 'o-2-1-blue', volumes: ['./d:/d'], command: ['b'] },
    },
  },
  {
    name: 'profiles of the entry and of COMPOSE_PROFILES, and what another program provides',
    tree: {
      '.env': 'COMPOSE_PROFILES=p, q\n',
      'compose.yaml':
        'services:\n  a: { image: x, profiles: [p], depends_on: [m] }\n  b: { image: x, profiles: [r, z] }\n  c: { image: x, profiles: [no] }\n  m: { provider: { type: model } }\n  d: { image: x, depends_on: { c: { condition: service_started, required: false } } }\n',
    },
    compose: '[{ file: compose.yaml, profiles: [r] }]',
    services: {
      a: { image: 'x', depends_on: [] },
      b: { image: 'x' },
      d: { image: 'x', depends_on: { c: { condition: 'service_started', required: false } } },
    },
  },
]
