// Projects with machines, for tests: their commands, and what they leave on the engine.
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { docker } from '../lab/index.js'
import { type Ran, type TestProject, testProject, told } from './command.js'

/** Archives of images are kept here from one run of the tests to the next. */
export const cache = { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache') }

/** A playbook that tells each host what it is called. */
export const playbook = `
- name: base
  hosts: all
  become: true
  tasks:
    - name: tell
      copy: { content: "{{host.name}} of {{vars.whose}}\\n", dest: /etc/motd }
`

/** Containers or images of machines whose label `longshore.machine.LABEL` is there. */
export const listed = async (kind: 'ps' | 'images', label: string): Promise<string[]> => {
  const args =
    kind === 'ps' ? ['ps', '-a', '--format', '{{.Names}}'] : ['images', '--format', '{{.Repository}}:{{.Tag}}']
  return (await docker([...args, '--filter', `label=longshore.machine.${label}`])).split('\n').filter(Boolean).sort()
}

/** Commands of one project; whatever it has made is gone at the end of the test. */
export function machinesOf(t: Test, files: Record<string, string>) {
  const project: TestProject = testProject(files)
  const run = (...args: string[]): Promise<Ran> => project.run(args, { env: cache })
  const ssh = async (host: string, text: string): Promise<string> => {
    const ran = await run('ssh', host, '--', text)
    return ran.code === 0 ? ran.stdout.trim() : told(ran)
  }
  t.teardown(async () => {
    await run('destroy', '--yes')
    project.remove()
  })
  return { project, run, ssh }
}
