// Whole files with random damage: what is refused, is refused in words for a user.

import type { Test } from 'tap'
import { parseSelector, selectHosts } from '../../../core/config/index.js'
import { messageOf, UserError } from '../../../core/errors.js'
import { randomFrom } from '../random.js'
import { load } from './project-in-memory.js'

/** 300 damaged files. */
export async function testDamage(t: Test): Promise<void> {
  const whole = `project: shop
vars: &v { domain: shop.test, list: [1, 2], text: "{{ domain }} \${X:-y}" }
hosts:
  web1: { address: 192.0.2.10, port: 22, become: { password: { secret: DB } }, labels: { role: web }, vars: { <<: *v } }
  db1: { jump: web1 }
groups: { front: { hosts: ["web*", "!db1"], engine: { users: [a] } } }
engine: { source: distro }
secrets: { DB: { env: PW } }
playbooks: [b.yaml, { play: b.yaml, on: role=web, stage: after-containers }]
containers: { app: { image: "x:1", on: front } }
`
  const play = `- hosts: all
  vars: { a: "{{ b }}" }
  serial: [1, 50%]
  roles: [{ role: r, vars: { x: 1 } }]
  tasks:
    - package: { name: [a, "{{ x }}"] }
      when: a == "b" && c.exists(x, x > 1)
      notify: h
    - block: [{ command: a, until: result.rc == 0, retries: 2 }]
      rescue: [{ include: { file: t.yaml, vars: { y: 2 } }, loop: { k: v }, loop_control: { label: "{{ item.key }}" } }]
  handlers:
    - { name: h, listen: [all], command: { argv: [a] }, check: "true" }
`
  const tasks = `- { command: a, delegate_to: "{{ host.name }}", environment: { A: b } }
- block: [{ include: "{{ x }}.yaml" }]
  always: [{ package: { name: c }, notify: h }]
`
  const random = randomFrom(12345)
  const bits = [
    '{',
    '}',
    '[',
    ']',
    ':',
    '\n',
    '  ',
    '"',
    "'",
    '*v',
    '&v',
    '<<',
    '!',
    '- ',
    '{{',
    '}}',
    '\t',
    '#',
    '~',
    '0',
    '__proto__',
    '\u0000',
    '|',
    '${',
    ',',
    '\u{1F600}',
  ]
  const damage = (text: string): string => {
    let out = text
    for (let times = 1 + random(4); times > 0; times--) {
      const at = random(out.length)
      const cut = random(3) === 0 ? random(12) : 0
      out = out.slice(0, at) + (random(4) === 0 ? '' : (bits[random(bits.length)] ?? '')) + out.slice(at + cut)
    }
    return out
  }
  let refused = 0
  for (let round = 0; round < 300; round++) {
    const [file, book, role] = [whole, play, tasks].map((text, index) => (round % 3 === index ? damage(text) : text))
    try {
      const files = { '/p/b.yaml': book ?? '', '/p/roles/r/tasks/main.yaml': role ?? '', '/p/t.yaml': tasks }
      const project = await load(file ?? '', files)
      for (const host of project.hosts) selectHosts(parseSelector(host.name, host.at), project)
    } catch (error) {
      refused++
      if (!(error instanceof UserError) || error.at === undefined)
        t.fail(`round ${round}: ${messageOf(error)}\n${file}\n${book}\n${role}`)
    }
  }
  t.ok(refused > 150, `${refused} of 300 were refused`)
}
