// Makes the root file system of a bare Debian with systemd and sshd, once, and keeps it as an archive on this machine.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { arch } from 'node:os'
import { dirname, join } from 'node:path'
import { UserError } from '../../../core/errors.js'
import type { MachineWork } from '../../../core/machines/machine.js'
import { lineSplitter } from '../api/stream.js'

/** Releases by what the file may call them. */
const releases: Readonly<Record<string, string>> = {
  'debian-11': 'bullseye',
  'debian-12': 'bookworm',
  'debian-13': 'trixie',
  bullseye: 'bullseye',
  bookworm: 'bookworm',
  trixie: 'trixie',
}

/** The release that an image's name means, if there is a recipe for it. */
export const releaseOf = (image: string): string | undefined =>
  Object.hasOwn(releases, image) ? releases[image] : undefined

export const packages = 'openssh-server sudo systemd systemd-sysv dbus iproute2 ca-certificates procps'.split(' ')

/** POSIX sh, run with the root file system's folder: what a fresh machine has, and what it has not. */
export const finishScript = `set -e
cd "$1"
printf 'PermitRootLogin prohibit-password\\nUseDNS no\\n' >etc/ssh/sshd_config.d/machine.conf
# Syncing every file makes installations slow, and saves nothing in a container.
printf 'force-unsafe-io\\n' >etc/dpkg/dpkg.cfg.d/machine
: >etc/machine-id
for f in hostname resolv.conf; do [ "$1" = / ] || { rm -f "etc/$f"; : >"etc/$f"; }; done
rm -f etc/ssh/ssh_host_* var/lib/dbus/machine-id usr/sbin/policy-rc.d var/cache/apt/archives/*.deb var/cache/apt/*.bin
rm -rf var/lib/apt/lists/* var/log/*.log var/log/apt
# They would take dpkg's lock at a moment of their own choice.
rm -f etc/systemd/system/timers.target.wants/apt-daily*.timer
`

/** Changes with whatever the recipe is made of. */
export const recipeTag = (release: string): string =>
  `${release}-${createHash('sha256').update(`${packages}${finishScript}`).digest('hex').slice(0, 10)}`

/** Where the archive is kept. */
export const archivePath = (cache: string, release: string): string =>
  join(cache, 'machines', `${recipeTag(release)}-${arch()}.tar`)

/** Runs a program of this machine, and tells its lines; gives the code it ended with, 127 where it is not there. */
const run = (argv: readonly string[], { tell, signal }: MachineWork): Promise<{ code: number; out: string }> =>
  new Promise(resolve => {
    const [program = '', ...args] = argv
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], signal })
    let out = ''
    const lines = lineSplitter(line => {
      out = `${out}${line}\n`.slice(-4000)
      tell(line)
    })
    child.stdout.on('data', lines.write)
    child.stderr.on('data', lines.write)
    child.once('error', () => resolve({ code: 127, out }))
    child.once('close', code => {
      lines.end()
      resolve({ code: code ?? 1, out })
    })
  })

const mirrorsScript = `command -v apt-get >/dev/null || exit 0
apt-get indextargets --format '$(REPO_URI) $(LABEL)' 'Created-By: Packages' 'Origin: Debian'`

/** The mirrors that this machine uses if it is a Debian, else Debian's own. */
async function mirrors(work: MachineWork): Promise<{ main: string; security: string }> {
  const { out } = await run(['sh', '-c', mirrorsScript], { ...work, tell: () => undefined })
  const told = out.split('\n').map(line => line.split(' '))
  const uri = (label: string): string | undefined => told.find(line => line[1] === label)?.[0]?.replace(/\/$/, '')
  return {
    main: uri('Debian') ?? 'http://deb.debian.org/debian',
    security: uri('Debian-Security') ?? 'http://deb.debian.org/debian-security',
  }
}

/** Whether debootstrap can be run here: it needs root. */
export async function canBootstrap(work: MachineWork): Promise<boolean> {
  return process.getuid?.() === 0 && (await run(['sh', '-c', 'command -v debootstrap'], work)).code === 0
}

/** Bytes that the making of a root file system takes for a while: the folder, its packages and the archive. */
const leastSpace = 700e6

/** A UserError where there is no room on this machine for the making of the archive `path`. */
export async function refuseNarrow(release: string, path: string): Promise<void> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true })
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free >= leastSpace) return
  const [left, needed] = [free, leastSpace].map(bytes => `${Math.floor(bytes / 1e6)} MB`)
  throw new UserError(
    `there is no space left on this machine for the image of a ${release} machine: ${left} in ${folder}, and ${needed} are needed`,
    { hint: 'make room there, or let XDG_CACHE_HOME lead to another disk' },
  )
}

/** Makes a root file system with this machine's debootstrap, as the archive `path`. */
export async function bootstrap(release: string, path: string, work: MachineWork): Promise<void> {
  const { main, security } = await mirrors(work)
  await mkdir(dirname(path), { recursive: true })
  const folder = await mkdtemp(join(dirname(path), 'debootstrap-'))
  const must = async (...argv: string[]): Promise<void> => {
    const { code, out } = await run(argv, work)
    work.signal.throwIfAborted()
    if (code !== 0)
      throw new UserError(`the image of a ${release} machine cannot be made: ${argv[0]} ended with ${code}`, {
        output: out.trim().split('\n').slice(-15).join('\n'),
        hint: `it takes a Debian mirror that answers (${main}) and ${leastSpace / 1e6} MB in ${dirname(path)}`,
      })
  }
  try {
    await must('debootstrap', '--variant=minbase', `--include=${packages.join(',')}`, release, folder, main)
    const sources = [`${main} ${release}`, `${main} ${release}-updates`, `${security} ${release}-security`]
    await writeFile(join(folder, 'etc/apt/sources.list'), sources.map(source => `deb ${source} main\n`).join(''))
    await must('sh', '-c', finishScript, 'sh', folder)
    await must('tar', '-C', folder, '--numeric-owner', '-cf', `${folder}.tar`, '.')
    await rename(`${folder}.tar`, path)
  } finally {
    await rm(`${folder}.tar`, { force: true })
    // One that was broken off leaves its /proc mounted in there.
    await run(['sh', '-c', 'umount "$1/proc" "$1/sys" 2>/dev/null; rm -rf --one-file-system "$1"', 'sh', folder], {
      tell: () => undefined,
      signal: new AbortController().signal,
    })
  }
}

/** Whether the archive is here already. */
export const isKept = (path: string): boolean => existsSync(path)
