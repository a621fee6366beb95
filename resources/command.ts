// The `command` kind: a command on the host, run when its check says that it is needed, or each time.
import { UserError } from '../core/errors.js'
import { resource } from '../core/resource.js'
import { z } from '../core/schema.js'
import { Secret } from '../core/secret.js'
import { type Sh, sh } from '../core/sh.js'
import { hostPath, secretSchema, shellText, textOrSecret, word } from './_attributes.js'
import { plainExports, withEnvironment } from './_environment.js'

const noSecret = 'must be text: a secret would show in the process list; give it by `environment` or `stdin`'

const common = {
  cwd: hostPath.optional().describe('Directory on the host in which it runs'),
  creates: hostPath.optional().describe('Nothing to do when this path exists'),
  removes: hostPath.optional().describe('Nothing to do when this path does not exist'),
  check: shellText.min(1).optional().describe('Shell text; nothing to do when it exits with 0. Sees no secrets'),
  read_only: z.boolean().default(false).describe('It changes nothing, so it runs in a plan too'),
  stdin: textOrSecret.optional().describe('Its standard input'),
  environment: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/, 'must be the name of a variable'), z.union([word, secretSchema]))
    .default({})
    .describe('Variables; a secret one reaches it over standard input and never shows on a command line'),
}

const script = z.string({ error: noSecret }).min(1).pipe(shellText).describe('POSIX shell text')
const shortForm = (given: unknown): unknown =>
  typeof given === 'string' || given instanceof Secret ? { sh: given } : given

function refine(want: Want, context: z.RefinementCtx): void {
  const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
  if ((want.argv === undefined) === (want.sh === undefined)) refuse('argv', 'give either argv or sh')
  if (!want.read_only) return
  if (want.check !== undefined || want.creates !== undefined || want.removes !== undefined)
    refuse('read_only', 'needs no check, creates or removes: it runs each time, and changes nothing')
  if (want.stdin !== undefined) refuse('stdin', 'cannot be given with read_only')
  if (Object.values(want.environment).some(value => value instanceof Secret))
    refuse('environment', 'cannot hold a secret with read_only: it runs together with all other reads')
}

const argv = z.array(word, { error: noSecret }).min(1).describe('Program and arguments; no shell reads them')
const commandFields = z.strictObject({ argv: argv.optional(), sh: script.optional(), ...common })
const schema = z.preprocess(shortForm, commandFields.superRefine(refine))
/** The same without `argv`, for the kind `shell`. */
export const shellSchema = z.preprocess(shortForm, z.strictObject({ sh: script, ...common }).superRefine(refine))

type Want = z.infer<typeof commandFields>

/** What a check found; or, of a `read_only` command, how it ended. */
interface Seen {
  needed: boolean
  /** Why it must run, in words. */
  why: string
  rc?: number
  stdout?: string
  stderr?: string
}

/** Ends the output of a `read_only` command; what follows is its exit code and what it said on stderr. */
const mark = 'longshore: end of output, exit code'

// `exec`, because without it a shell takes `if`, `eval` and `A=b` for words of its own.
const body = (want: Want): Sh => (want.sh === undefined ? sh`exec ${want.argv ?? []}` : sh`sh -c ${want.sh}`)
const enter = (want: Want): Sh =>
  want.cwd === undefined
    ? sh``
    : sh`cd ${want.cwd} || exit 1
`

const isUnchecked = (want: Want): boolean =>
  !want.read_only && want.check === undefined && want.creates === undefined && want.removes === undefined

/** The first test that says "nothing to do" ends the probe. A folder that is not there yet cannot hold what a check looks for. */
const checks = (want: Want): Sh => sh`
${want.creates === undefined ? sh`` : sh`if [ -e ${want.creates} ]; then echo done; exit 0; fi`}
${want.removes === undefined ? sh`` : sh`if [ ! -e ${want.removes} ]; then echo done; exit 0; fi`}
${
  want.check === undefined
    ? sh``
    : sh`${plainExports(want.environment)}
if ${want.cwd === undefined ? sh`` : sh`cd ${want.cwd} 2>/dev/null && `}sh -c ${want.check} </dev/null >/dev/null 2>&1; then echo done; exit 0; fi`
}
echo needed`

const observe = (want: Want): Sh => sh`
{ said=$( (${plainExports(want.environment)}${enter(want)}${body(want)}) 2>&1 >&3 3>&- </dev/null ); rc=$?
printf '\n%s %s\n%s' ${mark} "$rc" "$said"; } 3>&1`

function reasonOf(want: Want): string {
  if (want.check !== undefined) return 'its check fails'
  if (want.creates !== undefined) return `${want.creates} does not exist`
  return want.removes === undefined ? 'runs each time' : `${want.removes} exists`
}

/** A command. With `read_only` the probe runs it; its Seen then holds `rc`, `stdout` and `stderr`, and nothing differs. */
export const command = resource<Want, Seen>({
  kind: 'command',
  schema,
  summary: 'A program that runs when it is needed: it says how that is told.',
  example: `- name: made once
  command: { argv: [touch, /var/tmp/made-once], creates: /var/tmp/made-once }
- name: which kernel
  command: { argv: [uname, -r], read_only: true }
  register: kernel`,
  name(want) {
    const text = (want.sh ?? want.argv?.join(' ') ?? '').trim().replace(/\s+/g, ' ')
    return `command ${text.length > 60 ? `${text.slice(0, 59)}…` : text}`
  },
  probe: want => (want.read_only ? observe(want) : isUnchecked(want) ? sh`echo unchecked` : checks(want)),
  read(out, want) {
    if (want.read_only) {
      const at = out.lastIndexOf(`\n${mark} `)
      const ended = /^(\d+)\n([\s\S]*)$/.exec(out.slice(at + mark.length + 2))
      if (at < 0 || ended === null)
        throw new UserError('the command did not come to its end', { output: out.slice(-2000) })
      return { needed: false, why: '', rc: Number(ended[1]), stdout: out.slice(0, at), stderr: ended[2] ?? '' }
    }
    const answer = out.trim()
    if (!['done', 'needed', 'unchecked'].includes(answer))
      throw new UserError('the check did not come to its end', { output: out.slice(-2000) })
    return { needed: answer !== 'done', why: reasonOf(want) }
  },
  diff: (_want, seen) => (seen.needed ? [{ what: 'command', from: seen.why, to: 'run' }] : []),
  verb: () => 'run',
  apply: want =>
    want.read_only ? [] : [withEnvironment(sh`${enter(want)}${body(want)}`, want.environment, want.stdin)],
  touches: want => (want.creates === undefined ? [] : [`file:${want.creates}`]),
  brings: () => true,
  unknown: isUnchecked,
  secrets: want => [want.stdin, ...Object.values(want.environment)].filter(value => value instanceof Secret),
})
