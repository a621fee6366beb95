// The shape of the file: texts with mistakes, and all that is told about each.
import type { Test } from 'tap'
import { load, mistakes } from './project-in-memory.js'

/** All mistakes at once, in file order. */
export async function testShape(t: Test): Promise<void> {
  const rows: [string, string, string[]][] = [
    [
      'names and kinds',
      'project: Shop\nhots: {}\nhosts:\n  web1: { prot: 22, port: x, become: su, labels: [a] }\n',
      [
        '1:10: project must start with a lower-case letter or digit, and go on with lower-case letters, digits, `_` and `-`',
        '2:1: unknown key "hots"; did you mean "hosts"?',
        '4:11: unknown key "prot" in hosts.web1; did you mean "port"?',
        '4:27: hosts.web1.port must be a number, not "x"',
        '4:38: hosts.web1.become must be "sudo" or a map, not "su"',
        '4:50: hosts.web1.labels must be a map, not a list',
      ],
    ],
    [
      'missing',
      'vars: {}\ngroups: { a: {} }\n',
      ['1:1: project is missing (text)', '2:11: groups.a.hosts is missing (text or a list)'],
    ],
    [
      'numbers',
      'project: a\nhosts: { w: { port: 0 }, v: { port: 70000 }, u: { port: 1.5 } }\n',
      [
        '2:21: hosts.w.port must be at least 1',
        '2:37: hosts.v.port must be at most 65535',
        '2:57: hosts.u.port must be a whole number, not 1.5',
      ],
    ],
    [
      'known keys are listed',
      'project: a\nsecrets: { X: { env: A }, Y: { zzzzzz: 1 } }\n',
      [
        '2:27: secrets.Y.env is missing (text)',
        '2:32: unknown key "zzzzzz" in secrets.Y; known keys: command, env, file',
      ],
    ],
    [
      'plain passwords',
      'project: a\nhosts: { w: { password: hunter2 } }\n',
      [
        '2:25: hosts.w.password must be { secret: NAME }; plain text is not taken, say where to fetch it under `secrets:`',
      ],
    ],
    [
      'values of the engine',
      'project: a\nengine: { provider: podman, source: docker, tls: { days: soon }, harden: 1 }\n',
      [
        '2:37: engine.source must be "distro", "docker-ce" or "none", not "docker"',
        '2:58: engine.tls.days must be days, such as 30d',
        '2:74: engine.harden must be true or false, not a whole number',
      ],
    ],
    [
      'the words of YAML 1.1',
      'project: a\nengine: { harden: yes, insecure: Off, replace: "constructor" }\n',
      [
        '2:19: engine.harden must be true or false, not "yes" (YAML 1.2: write true)',
        '2:34: engine.insecure must be true or false, not "Off" (YAML 1.2: write false)',
        '2:48: engine.replace must be true or false, not "constructor"',
      ],
    ],
    [
      'words of other tools',
      `project: a
services: {}
configs: {}
name: b
hosts:
  w: { ansible_host: x, ansible_user: x, ansible_port: 1, engine: { mirrors: [x] } }
  m: { machine: { box: x, provider: y } }
engine: { registry_mirrors: [x] }
`,
      [
        '2:1: unknown key "services": they stand under `containers:`; a Compose file as it is under `compose: [compose.yaml]`',
        '3:1: unknown key "configs": entries of `configs:` stand in a Compose file, and that under `compose: [compose.yaml]`',
        '4:1: unknown key "name": it is `project`',
        '6:8: unknown key "ansible_host" in hosts.w: it is `address`',
        '6:25: unknown key "ansible_user" in hosts.w: it is `user`',
        '6:42: unknown key "ansible_port" in hosts.w: it is `port`',
        '6:69: unknown key "mirrors" in hosts.w.engine: they stand under `daemon: { registry-mirrors: [...] }`',
        '7:19: unknown key "box" in hosts.m.machine: it is `image`',
        '7:27: unknown key "provider" in hosts.m.machine: there is none: machines are containers of an engine, and `engine` says whose',
        '8:11: unknown key "registry_mirrors" in engine: they stand under `daemon: { registry-mirrors: [...] }`',
      ],
    ],
    [
      'a Compose file in its place',
      'name: shop\nversion: "3"\nservices: { a: { image: x } }\n',
      [
        '3:1: this is a Compose file: call it compose.yaml, and write a longshore.yaml with `project: NAME` and `compose: [compose.yaml]`',
      ],
    ],
    [
      'a project file without its name',
      'hosts: { w: }\nservices: {}\n',
      [
        '1:1: project is missing (text)',
        '2:1: unknown key "services": they stand under `containers:`; a Compose file as it is under `compose: [compose.yaml]`',
      ],
    ],
    [
      'containers as hosts',
      'project: a\nhosts:\n  w: { connection: container, port: 22 }\n  x: { container: y }\n  z: { connection: container, container: q, on: v }\n  v: { connection: container, container: q, on: u }\n  s: { address: s, jump: v }\n',
      [
        '3:20: hosts.w needs `container`, the name of a running one',
        '3:31: hosts.w.port has no meaning for a container',
        '4:8: hosts.x.container is for `connection: container` alone',
        '5:49: v is a container itself, and has no engine',
        '6:49: there is no host "u"; known: s, v, w, x, z',
        '7:26: v cannot be jumped through: it is a container',
      ],
    ],
    [
      'variables',
      'project: a\nvars: { host: 1, a-b: 2, x: "{{ y" }\n',
      [
        '2:9: vars.host is a word of the template language; take another name',
        '2:18: vars.a-b must be a name of letters, digits and `_` that does not start with a digit',
      ],
    ],
    [
      'broken template',
      'project: a\nvars: { x: "{{ y" }\n',
      ['2:16: the expression is not closed, or has a character that does not belong there'],
    ],
    [
      'hosts and groups',
      'project: a\nhosts: { web1: { jump: web2 }, web2: { jump: web1, password: { secret: X } }, all: }\ngroups: { web2: { hosts: [web1, wbe1] } }\nsecrets: { XY: { env: A } }\ncontainers: { c: { on: "web1, !weeb2" }, d: text }\n',
      ['5:45: containers.d must be a map, not text'],
    ],
    [
      'hosts and groups, meaning',
      'project: a\nhosts: { web1: { jump: web2 }, web2: { jump: web1, password: { secret: X } }, all: }\ngroups: { web2: { hosts: [web1, wbe1] } }\nsecrets: { XY: { env: A } }\ncontainers: { c: { on: "web1, !weeb2" } }\n',
      [
        '2:24: the jumps of web1 lead back to web1',
        '2:46: the jumps of web2 lead back to web2',
        '2:72: there is no secret "X"; known: XY',
        '2:79: a host cannot be named "all": that word means every host',
        '3:11: "web2" is both a host and a group',
        '3:33: there is no host or group "wbe1"; did you mean "web1"?',
        '5:31: there is no host or group "weeb2"; did you mean "web2"?',
      ],
    ],
  ]
  for (const [name, text, expected] of rows)
    t.same(await mistakes(() => load(text)), ['exit 3', ...expected.map(line => `longshore.yaml:${line}`)], name)
}
