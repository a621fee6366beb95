// The `script` kind: a script of this machine, run on the host and gone from there afterwards.
import { UserError, usageError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { Secret } from '../../core/secret.js'
import { type Sh, sh } from '../../core/sh.js'
import { hostPath, secretSchema, shellText, word } from '../_attributes.js'
import { plainExports, withEnvironment } from '../_environment.js'

const noSecret = 'must be text: a secret would show in the process list; give it by `environment`'

/** `backup.sh --full /srv`, as Ansible's users write it. */
function freeForm(text: string, context: z.RefinementCtx): unknown {
  if (/["'\\]/.test(text))
    context.addIssue({ code: 'custom', message: 'must be given as { src, args } where there are quotes in it' })
  const [src = '', ...args] = text.trim().split(/\s+/)
  return args.length === 0 ? { src } : { src, args }
}

const argsSchema = z
  .union([z.string().transform(text => text.split(/\s+/).filter(one => one !== '')), z.array(word)], {
    error: noSecret,
  })
  .pipe(z.array(shellText))

const fields = z
  .strictObject({
    src: z.string().min(1).describe('The script on this machine: beside the playbook, or in its files/ folder'),
    args: argsSchema.default([]).describe('Its arguments, as a list, or as text that is split at spaces'),
    executable: hostPath.optional().describe('Program that reads it, instead of the one in its first line (#!)'),
    cwd: hostPath.optional().describe('Directory on the host in which it runs; also called chdir'),
    chdir: hostPath.optional().describe('The same as cwd'),
    creates: hostPath.optional().describe('Nothing to do when this path exists'),
    removes: hostPath.optional().describe('Nothing to do when this path does not exist'),
    check: shellText.min(1).optional().describe('Shell text; nothing to do when it exits with 0. Sees no secrets'),
    environment: z
      .record(z.string().regex(/^[A-Za-z_]\w*$/, 'must be the name of a variable'), z.union([word, secretSchema]))
      .default({})
      .describe('Variables; a secret one reaches it over standard input and never shows on a command line'),
  })
  .refine(want => want.cwd === undefined || want.chdir === undefined, 'give either cwd or chdir')
const schema = z.preprocess((given, context) => (typeof given === 'string' ? freeForm(given, context) : given), fields)

type Want = z.infer<typeof fields> & { bytes?: Uint8Array }

/** Bytes. What goes over standard input is kept in memory on its way. */
const largest = 8 << 20

/** The words of a script's first line: a program and at most one argument, as the kernel reads them; none without one. */
export function interpreterOf(bytes: Uint8Array): string[] {
  const line = Buffer.from(bytes.subarray(0, 512)).toString('latin1').split('\n')[0] ?? ''
  const [, program, argument] = /^#!\s*(\S+)(?:\s+(.*\S))?\s*$/.exec(line) ?? []
  if (program === undefined) return []
  return argument === undefined ? [program] : [program, argument]
}

const isProgram = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(0, 4)).toString('latin1') === '\x7fELF'

const directory = (want: Want): string | undefined => want.cwd ?? want.chdir

const isUnchecked = ({ creates, removes, check }: Want): boolean =>
  creates === undefined && removes === undefined && check === undefined

const checks = (want: Want): Sh => sh`
${want.creates === undefined ? sh`` : sh`if [ -e ${want.creates} ]; then echo done; exit 0; fi`}
${want.removes === undefined ? sh`` : sh`if [ ! -e ${want.removes} ]; then echo done; exit 0; fi`}
${want.check === undefined ? sh`` : sh`${plainExports(want.environment)}if sh -c ${want.check} </dev/null >/dev/null 2>&1; then echo done; exit 0; fi`}
echo needed`

function reasonOf(want: Want): string {
  if (want.check !== undefined) return 'its check fails'
  if (want.creates !== undefined) return `${want.creates} does not exist`
  return want.removes === undefined ? 'runs each time' : `${want.removes} exists`
}

/** Puts the script from standard input into a file that only its user can read, and runs it. It is read by its interpreter, so that it also runs where /tmp allows no programs. */
function running(want: Want, bytes: Uint8Array): Sh {
  const words = want.executable === undefined ? interpreterOf(bytes) : [want.executable]
  const program = words.length === 0 && !isProgram(bytes) ? ['/bin/sh'] : words
  const [first = ''] = program
  const cwd = directory(want)
  return sh`umask_before=$(umask)
umask 077
script=$(mktemp "\${TMPDIR:-/tmp}/longshore.XXXXXX") || exit 1
trap 'rm -f "$script"' EXIT
trap 'exit 130' HUP INT TERM
base64 -d >"$script" && chmod 0700 "$script" || { echo 'the script did not arrive: is there room in the temporary folder?' >&2; exit 1; }
umask "$umask_before"
${
  first === ''
    ? sh``
    : sh`command -v ${first} >/dev/null || { echo ${`${first}, which reads this script, is not on the host: install it in a task before`} >&2; exit 1; }
`
}${
  cwd === undefined
    ? sh``
    : sh`cd ${cwd} || exit 1
`
}${program} "$script" ${want.args} </dev/null`
}

/** A script. Without creates, removes or check nobody can tell whether it is needed, and it runs each time. */
export const script = resource<Want, { needed: boolean }>({
  kind: 'script',
  summary: 'Runs a script of this machine on the host, and leaves nothing of it there.',
  example: `- name: fill the shop with its first goods
  script: { src: fill-shop.sh, args: [--small], creates: /var/lib/shop/filled }`,
  schema,
  name: want => `script ${[want.src, ...want.args].join(' ')}`,
  async load(want, context) {
    const from = await context.find(want.src, 'files')
    const bytes = await context.files.bytes(from)
    if (bytes.length > largest) throw usageError(`${from} is larger than ${largest >> 20} MB, which is no script`)
    return { ...want, bytes }
  },
  probe: want => (isUnchecked(want) ? sh`echo unchecked` : checks(want)),
  read(out) {
    const answer = out.trim()
    if (!['done', 'needed', 'unchecked'].includes(answer))
      throw new UserError('the check did not come to its end', { output: out.slice(-2000) })
    return { needed: answer !== 'done' }
  },
  diff: (want, seen) => (seen.needed ? [{ what: 'script', from: reasonOf(want), to: 'run' }] : []),
  verb: () => 'run',
  apply(want) {
    const bytes = want.bytes ?? new Uint8Array()
    return [withEnvironment(running(want, bytes), want.environment, Buffer.from(bytes).toString('base64'))]
  },
  brings: () => true,
  touches: want => (want.creates === undefined ? [] : [`file:${want.creates}`]),
  unknown: isUnchecked,
  secrets: want => Object.values(want.environment).filter(value => value instanceof Secret),
})
