// Tasks and handlers from plan to end, on hosts that are shells of this machine: nothing lost, nothing twice, nothing on stale answers.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { site } from './run/site.js'

const one = 'project: shop\nhosts: { a: { connection: local } }\nplaybooks: [play.yaml]\n'

const text = (folder: string | undefined, name: string): string => {
  const path = join(folder ?? '', name)
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

const play = (tasks: string, handlers = ''): string =>
  `- name: p\n  hosts: all\n  tasks:\n${tasks.replace(/^/gm, '    ')}${handlers && `\n  handlers:\n${handlers.replace(/^/gm, '    ')}`}\n`

const log = (word: string): string => `sh: "echo ${word} >>'{{ folder }}/log'"`

test('a handler is run when it is due, and only then', async t => {
  await t.test('a command that changed nothing leaves nothing due', async t => {
    const { up, hosts } = await site(t, one, {
      'play.yaml': play(
        `- { name: look, command: { sh: "true" }, changed_when: "false", notify: tell }`,
        `- { name: tell, command: { ${log('told')} } }`,
      ),
    })
    for (const round of [1, 2]) {
      const went = await up()
      t.equal(went.exit, 0, `${round}`)
      t.match(went.ends, { 'a/p/handler tell': 'already: nothing notified it' }, `round ${round}`)
    }
    t.equal(text(hosts.a?.folder, 'log'), '')
  })
})
