// A service's `security_opt` as the engine takes it: seccomp profiles are files here and go as their text, and profiles need a host that knows them.

import type { Read } from '../containers/read.js'
import { pathHere, type Run, warn } from '../containers/run.js'
import type { Service } from '../containers/schema/service.js'
import { messageOf } from '../errors.js'
import type { Host } from '../project.js'

/** Words after `seccomp=` that the engine itself knows. */
const ownProfiles = new Set(['unconfined', 'builtin'])

/** The profile's text on one line; undefined, with a mistake noted, where it cannot be read. */
async function profileText(run: Run, name: string, file: string, at: ReturnType<Read<Service>['raw']['where']>) {
  const { context, mistakes } = run
  if (!(await context.files.exists(file))) {
    mistakes.add(`${name}: there is no seccomp profile ${file}`, at)
    return undefined
  }
  try {
    const profile: unknown = JSON.parse(await context.files.text(file))
    if (typeof profile === 'object' && profile !== null && 'defaultAction' in profile) return JSON.stringify(profile)
    mistakes.add(`${name}: ${file} is no seccomp profile: it has no \`defaultAction\``, at)
  } catch (error) {
    mistakes.add(`${name}: ${file} is no seccomp profile: ${messageOf(error)}`, at)
  }
  return undefined
}

/** Says where a profile is for nothing, because the host has nothing that would enforce it. */
function warnOfHost(
  run: Run,
  { name, raw }: Read<Service>,
  host: Host,
  index: number,
  word: string,
  value: string,
): void {
  const facts = run.context.factsOf?.(host)
  if (facts === undefined) return
  const at = raw.where(['security_opt', index])
  if (word === 'apparmor' && value !== 'unconfined' && facts.apparmor !== 'enabled')
    warn(run, `${name}: ${host.name} has no AppArmor, so that the profile ${value} has no effect there`, at)
  if (word === 'label' && value !== 'disable' && facts.selinux === 'disabled')
    warn(run, `${name}: ${host.name} has no SELinux, so that the label ${value} has no effect there`, at)
}

/** The options of a service on a host, `options` being its own and what `harden` adds to them. The run has the mistakes. */
export async function securityOptions(
  run: Run,
  read: Read<Service>,
  options: readonly string[] | undefined,
  host: Host,
  folder: string,
): Promise<string[] | undefined> {
  if (options === undefined || options.length === 0) return undefined
  const found: string[] = []
  for (const [index, option] of options.entries()) {
    const [, word = '', value = ''] = /^([a-z-]+)[=:](.*)$/s.exec(option) ?? []
    warnOfHost(run, read, host, index, word, value)
    if (word !== 'seccomp' || ownProfiles.has(value) || value.startsWith('{')) found.push(option)
    else {
      const text = await profileText(
        run,
        read.name,
        pathHere(run, value, folder),
        read.raw.where(['security_opt', index]),
      )
      if (text !== undefined) found.push(`seccomp=${text}`)
    }
  }
  return [...new Set(found)].sort()
}
