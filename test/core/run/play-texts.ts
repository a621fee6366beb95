// Plays for shell hosts, and what became of them: the words that several tests of runs share.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Site, Went } from './site.js'

export const text = (here: Site, name: string, host = 'a'): string => {
  const path = join(here.hosts[host]?.folder ?? '', name)
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

export const put = (here: Site, name: string, content = '', host = 'a'): void =>
  writeFileSync(join(here.hosts[host]?.folder ?? '', name), content)

const indented = (lines: string): string => lines.replace(/^/gm, '    ')
export const play = (tasks: string, handlers = '', words = ''): string =>
  `- name: p\n  hosts: all\n${words}  tasks:\n${indented(tasks)}\n${handlers && `  handlers:\n${indented(handlers)}\n`}`

/** A command that writes a word into the host's log, once. */
export const log = (word: string, more = ''): string =>
  `- { name: ${word}, command: { sh: "echo ${word} >>{{ folder }}/log", check: "grep -qx ${word} {{ folder }}/log" }${more} }`

export const failed = (went: Went): string => went.errors.map(error => `${error.where}: ${error.message}`).join('; ')
export const summaryOf = ({ events }: Went) => events.flatMap(event => (event.type === 'summary' ? event.hosts : []))
