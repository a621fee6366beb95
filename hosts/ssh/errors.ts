// What goes wrong on the way to a host, as errors that say where and what to do.
import { messageOf, UserError, unreachableError } from '../../core/errors.js'
import { cleanLine } from '../../core/events.js'
import type { Login } from './auth.js'
import type { SshFault } from './client.js'
import type { Target } from './target.js'

/** "web1.example:22" or "[2001:db8::1]:22". */
export const placeOf = ({ hostname, port }: Pick<Target, 'hostname' | 'port'>): string =>
  hostname.includes(':') ? `[${hostname}]:${port}` : `${hostname}:${port}`

/** True for what a busy sshd does to new connections (MaxStartups): to try again is right. A refused login is never tried again. */
export function isDropped(error: unknown): boolean {
  const { level, code, message } = error as SshFault
  if (level === 'protocol') return /before handshake/.test(message)
  if (level === 'closed') return true
  return level === 'client-socket' && (code === 'ECONNRESET' || code === 'EPIPE')
}

const networkFaults: Record<string, [text: string, hint: string]> = {
  ECONNREFUSED: ['nothing listens there', 'is sshd running, and is this its port?'],
  ENOTFOUND: ['there is no such name', 'correct the address, or add the name to /etc/hosts or the DNS'],
  EAI_AGAIN: ['the name cannot be looked up now', 'check the network and the DNS of this machine'],
  EHOSTUNREACH: ['there is no route to it', 'is the host up, and in a network that this machine reaches?'],
  ENETUNREACH: ['there is no route to it', 'is the host up, and in a network that this machine reaches?'],
  ETIMEDOUT: ['it does not answer', 'is the host up, and does a firewall let ssh through?'],
}

/** The UserError for whatever kept us from a host. Errors that are for people already, and the reason of an abort, stay as they are. */
export function connectError(target: Target, login: Login, error: unknown, via: string | undefined): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error
  const { level, code } = error as SshFault
  const place = via === undefined ? placeOf(target) : `${placeOf(target)} through ${via}`
  const fail = (message: string, hint: string): UserError =>
    unreachableError(target.reach.name, message, { hint, cause: error })
  const fault = networkFaults[String(code)]
  if (fault !== undefined) return fail(`cannot reach ${place}: ${fault[0]}`, fault[1])
  if (level === 'client-timeout')
    return fail(`cannot reach ${place}: ${error.message}`, networkFaults.ETIMEDOUT?.[1] ?? '')
  const tried = login.tried()
  const list = tried.length === 0 ? 'nothing to log in with' : `tried ${tried.join(', ')}`
  if (level === 'client-authentication' || /too many authentication failures/i.test(error.message))
    return fail(`${target.user}@${place} refuses the login (${list})`, login.hint())
  if (isDropped(error))
    return fail(`${place} closes the connection at once`, 'is it an ssh server, and is it not too busy (MaxStartups)?')
  if (/no matching/.test(error.message))
    return fail(
      `${place} speaks another kind of ssh: ${error.message}`,
      'the host needs a newer sshd, or other settings',
    )
  return fail(
    `cannot connect to ${place}: ${cleanLine(messageOf(error))}`,
    `see what "ssh ${target.user}@${target.hostname}" says`,
  )
}
