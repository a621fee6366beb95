// What sudo says when it refuses, as an error that names the host and says what to do.

import { UserError } from '../core/errors.js'
import { cleanLine } from '../core/events.js'
import type { Host } from '../core/project.js'

/** How a sudo session ended before it was ready. */
export interface Refusal {
  /** undefined: lost; null: still running, we gave it up. */
  code: number | undefined | null
  said: string
  /** How often it asked for a password. */
  asked: number
}

const linesOf = (said: string): string =>
  said
    .split('\n')
    .map(line => cleanLine(line).trim())
    .filter(line => line !== '')
    .slice(-5)
    .join('\n')

/** The UserError for a refusal of sudo. */
export function sudoError(host: Host, loginUser: string, user: string, refusal: Refusal): UserError {
  const { name } = host
  const { code, said } = refusal
  const given = host.become?.password !== undefined
  const key = `hosts.${name}.become.password`
  const fail = (message: string, hint: string): UserError => {
    const output = linesOf(said)
    return new UserError(message, { where: name, hint, ...(output === '' ? {} : { output }) })
  }
  if (code === 127 || /sudo: (command )?not found/.test(said))
    return fail('sudo is not installed', `install sudo there, or log in as ${user} (hosts.${name}.user: ${user})`)
  if (/not in the sudoers file|is not allowed to (execute|run sudo)|may not run sudo/.test(said))
    return fail(
      `${loginUser} may not become ${user} through sudo`,
      `give ${loginUser} the right to run everything as ${user} in a file under /etc/sudoers.d, or log in as another user (hosts.${name}.user)`,
    )
  if (/must have a tty|no tty present/.test(said) && !/password is required/.test(said))
    return fail('sudo there wants a terminal', `say "Defaults:${loginUser} !requiretty" in a file under /etc/sudoers.d`)
  if (/password is required|no password was provided|a terminal is required/.test(said) && !given)
    return fail(
      `sudo wants a password for ${loginUser}`,
      `give ${key} (as a secret), or let ${loginUser} use sudo without a password (NOPASSWD)`,
    )
  if (given && (refusal.asked > 1 || /incorrect password|try again|authentication fail/i.test(said)))
    return fail(`sudo refuses the password of ${loginUser}`, `correct ${key}`)
  if (/unknown user/.test(said)) return fail(`there is no user ${user}`, `correct hosts.${name}.become.user`)
  if (code === null)
    return fail(
      'sudo neither started the command nor asked for a password in time',
      `try "sudo -v" there as ${loginUser}`,
    )
  return fail(`sudo failed (exit code ${code})`, `try "sudo -v" there as ${loginUser}`)
}
