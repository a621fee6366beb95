// Who we say we are: the ways to log in, in order, and what was tried, for the error when none of them works.
import { UserError } from '../../core/errors.js'
import { type AuthAttempt, agentAttempt, type NextAuth } from './client.js'
import { type KeyFile, type ReadKey, readPublicKey } from './keys.js'
import { settingOf, type Target } from './target.js'

export interface Login {
  next: NextAuth
  /** What was tried so far, and what could not be, as people say it. */
  tried(): string[]
  /** What to do when all has failed. */
  hint(): string
}

interface Candidate {
  says: string
  attempt: AuthAttempt
}

/**
 * Prepares the login: identity of our file, agent, keys of ssh's configuration or its defaults, password, keyboard-interactive.
 * UserError when the identity cannot be used and nothing could take its place.
 */
export async function prepareLogin(target: Target, readKey: ReadKey): Promise<Login> {
  const { reach, user } = target
  const passedOver: string[] = []
  const keys: Candidate[] = []
  if (reach.identity !== undefined) {
    const file = await readKey(reach.identity, reach.passphrase)
    const fault = identityFault(target, reach.identity, file)
    if (fault !== undefined && (file.state !== 'locked' || target.agentSocket === undefined)) throw fault
    if (file.state === 'key') keys.push({ says: `key ${reach.identity}`, attempt: publicKey(user, file) })
    else passedOver.push(`key ${reach.identity} (encrypted)`)
  }
  if (target.agentSocket !== undefined) {
    const only = target.identitiesOnly ? await publicKeysOf(target) : undefined
    keys.push({ says: 'agent', attempt: agentAttempt(user, target.agentSocket, only) })
  }
  for (const path of target.identityFiles.filter(path => path !== reach.identity)) {
    const file = await readKey(path, reach.passphrase)
    if (file.state === 'key') keys.push({ says: `key ${path}`, attempt: publicKey(user, file) })
    else if (file.state !== 'missing')
      passedOver.push(`key ${path} (${file.state === 'unreadable' ? file.why : 'encrypted'})`)
  }
  return loginOf(target, [...keys, ...passwordCandidates(target)], passedOver)
}

const publicKey = (username: string, { key }: KeyFile & { state: 'key' }): AuthAttempt => ({
  type: 'publickey',
  username,
  key,
})

async function publicKeysOf({ reach, identityFiles }: Target): Promise<Buffer[]> {
  const paths = reach.identity === undefined ? identityFiles : [reach.identity, ...identityFiles]
  return (await Promise.all(paths.map(readPublicKey))).filter(key => key !== undefined)
}

function identityFault({ reach }: Target, path: string, file: KeyFile): UserError | undefined {
  const fail = (message: string, hint: string): UserError =>
    new UserError(message, { where: reach.name, hint, exit: 4 })
  const passphrase = settingOf(reach, 'passphrase')
  switch (file.state) {
    case 'key':
      return undefined
    case 'missing':
      return fail(`there is no key ${path}`, `correct ${settingOf(reach, 'identity')}, or make a key with ssh-keygen`)
    case 'locked':
      return fail(
        `the key ${path} is encrypted`,
        `give ${passphrase} (as a secret), or load the key into an agent with ssh-add`,
      )
    case 'wrong-passphrase':
      return fail(`the passphrase of the key ${path} is wrong`, `correct ${passphrase}`)
    case 'unreadable':
      return fail(`the key ${path} cannot be used: ${file.why}`, `it must be a private key as ssh-keygen makes them`)
  }
}

function passwordCandidates({ reach, user }: Target): Candidate[] {
  const password = reach.password?.reveal()
  if (password === undefined) return []
  return [
    { says: 'password', attempt: { type: 'password', username: user, password } },
    {
      says: 'keyboard-interactive',
      attempt: {
        type: 'keyboard-interactive',
        username: user,
        // Only what is not shown while typed is a password; other questions we cannot answer.
        prompt: (_name, _instructions, _language, prompts, finish) =>
          finish(prompts.map(({ echo }) => (echo === true ? '' : password))),
      },
    },
  ]
}

function loginOf({ reach, user }: Target, candidates: readonly Candidate[], passedOver: readonly string[]): Login {
  const tried: Candidate[] = []
  let offered: readonly string[] = []
  const allowed = ({ attempt }: Candidate, left: readonly string[] | undefined): boolean => {
    // Where a password was refused, asking for it in another way only costs the host's delay.
    if (attempt.type === 'keyboard-interactive' && tried.some(({ says }) => says === 'password')) return false
    return left === undefined || left.includes(attempt.type === 'agent' ? 'publickey' : attempt.type)
  }
  return {
    next(left, partialSuccess) {
      offered = left ?? offered
      // A second factor is wanted: what was refused as the first one may be right now.
      if (partialSuccess) tried.splice(0, tried.length - 1)
      const candidate = candidates.find(one => !tried.includes(one) && allowed(one, left))
      if (candidate !== undefined) {
        tried.push(candidate)
        return candidate.attempt
      }
      // Without anything to offer the host is at least asked what it would take.
      return left === undefined ? { type: 'none', username: user } : undefined
    },
    tried: () => [...tried.map(({ says }) => says), ...passedOver.map(says => `${says}, not tried`)],
    hint() {
      const takes = offered.length === 0 ? '' : `it takes ${offered.join(', ')}; `
      return `${takes}check ${settingOf(reach, 'user')} (${user}) and say identity:, or password: (as a secret), or load a key with ssh-add`
    },
  }
}
