// Builds the images of lab hosts from Debian packages, once, and keeps them as tarballs in the lab's cache.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mirrors } from './apt.js'
import { cacheDir, withLock } from './cache.js'
import { ensureEngine } from './engine.js'
import { docker, must, tryDocker } from './run.js'

/** The Debian releases that lab hosts can have. */
export const releases = ['bookworm', 'bullseye', 'trixie'] as const
export type Release = (typeof releases)[number]

/** What a host's image has on top of a minimal Debian with systemd and sshd. */
export interface ImageOptions {
  release: Release
  /** Debian's docker.io, enabled. */
  engine: boolean
  /** python3, for a peer that needs one on its hosts; without it no python is there, and the build asserts that. */
  python: boolean
}

const basePackages = 'openssh-server,sudo,systemd,systemd-sysv,dbus,iproute2,ca-certificates,procps'

/** Files written into every base image, by path. */
const baseFiles = (release: Release): Record<string, string> => ({
  'etc/ssh/sshd_config.d/lab.conf': [
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication yes',
    'UseDNS no',
    // A test of failed logins would lock its own machine out.
    ...(release === 'trixie' ? ['PerSourcePenalties no'] : []),
    '',
  ].join('\n'),
  // Nothing here must outlive a power cut, and syncing every file makes installations slow.
  'etc/dpkg/dpkg.cfg.d/lab': 'force-unsafe-io\n',
  // Made anew at the first boot, so that no two hosts share one.
  'etc/machine-id': '',
  'etc/hostname': '',
  'etc/resolv.conf': '',
})

/** Removed from every base image: keys that all hosts would share, and lists that a fresh machine does not have. */
const removed = `
  rm -f etc/ssh/ssh_host_* var/lib/dbus/machine-id usr/sbin/policy-rc.d var/cache/apt/archives/*.deb var/cache/apt/*.bin
  rm -rf var/lib/apt/lists/* var/log/*.log var/log/apt
  # These would take dpkg's lock at a moment of their own choice.
  rm -f etc/systemd/system/timers.target.wants/apt-daily*.timer`

/** Run in a container of the base image to make the other images. */
const deriveScript = (options: ImageOptions): string => `set -e
  export DEBIAN_FRONTEND=noninteractive
  printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d
  apt-get update -qq
  install() { apt-get install -y -qq --no-install-recommends "$@"; }
  ${options.engine ? 'install docker.io iptables; command -v docker || install docker-cli; docker --version; test -e /etc/systemd/system/multi-user.target.wants/docker.service' : ''}
  ${options.python ? 'install python3 python3-apt' : ''}
  apt-get clean; rm -rf /var/lib/apt/lists/* /usr/sbin/policy-rc.d`

const hash = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12)

const variant = (options: ImageOptions): string =>
  [options.engine && 'engine', options.python && 'python'].filter(Boolean).join('-') || 'base'

/** The name of a host image; its last part changes whenever its recipe does. */
export const imageName = (options: ImageOptions): string => {
  const base = [options.release, process.arch, basePackages, baseFiles(options.release), removed]
  const recipe = variant(options) === 'base' ? base : [...base, deriveScript(options)]
  return `longshore-lab:${options.release}-${variant(options)}-${hash(recipe)}`
}

const label = ['--change', 'LABEL longshore.lab.image=1', '--change', 'CMD ["/sbin/init"]']

const buildBase = async (release: Release, tarball: string): Promise<void> => {
  const { main, security } = await mirrors()
  const dir = await mkdtemp(join(cacheDir(), 'debootstrap-'))
  try {
    await must('debootstrap', ['--variant=minbase', `--include=${basePackages}`, release, dir, main])
    const sources = [`${main} ${release}`, `${main} ${release}-updates`, `${security} ${release}-security`]
    const files = { ...baseFiles(release), 'etc/apt/sources.list': sources.map(s => `deb ${s} main\n`).join('') }
    for (const [path, content] of Object.entries(files)) {
      await rm(join(dir, path), { force: true })
      await writeFile(join(dir, path), content)
    }
    await must('sh', ['-c', `set -e; cd "$1"; ${removed.trim()}`, 'sh', dir])
    await must('tar', ['-C', dir, '--numeric-owner', '-cf', tarball, '.'])
  } finally {
    // An interrupted debootstrap leaves /proc mounted in there.
    await must('rm', ['-rf', '--one-file-system', dir])
  }
}

const buildDerived = async (options: ImageOptions, image: string, tarball: string): Promise<void> => {
  const base = await ensureImage({ release: options.release, engine: false, python: false })
  const container = `longshore-lab-build-${process.pid}-${options.release}-${variant(options)}`
  try {
    await docker(['run', '--name', container, base, 'sh', '-c', deriveScript(options)])
    await docker(['commit', ...label, container, image])
    await docker(['save', '-o', tarball, image])
  } finally {
    await tryDocker(['rm', '-fv', container])
  }
}

const assertNoPython = async (image: string): Promise<void> => {
  const look = 'ls /usr/bin/python* /usr/local/bin/python* 2>/dev/null; true'
  const found = (await docker(['run', '--rm', image, 'sh', '-c', look])).trim()
  if (!found) return
  await docker(['rmi', image])
  throw new Error(`${image} must have no python, but has ${found}`)
}

/** Drops tarballs of older recipes of the same image. */
const dropOld = async (image: string): Promise<void> => {
  const current = `${image.split(':')[1]}.tar`
  const stem = current.replace(/[^-]+$/, '')
  for (const file of await readdir(join(cacheDir(), 'images')))
    if (file !== current && file.replace(/[^-]+$/, '') === stem) await rm(join(cacheDir(), 'images', file))
}

const exists = async (image: string): Promise<boolean> => (await tryDocker(['image', 'inspect', image])).code === 0

const make = async (options: ImageOptions): Promise<string> => {
  await ensureEngine()
  const image = imageName(options)
  if (await exists(image)) return image
  const [, tag = ''] = image.split(':')
  return withLock(`image-${options.release}-${variant(options)}`, async () => {
    if (await exists(image)) return image
    const tarball = join(cacheDir(), 'images', `${tag}.tar`)
    await mkdir(join(cacheDir(), 'images'), { recursive: true })
    const base = variant(options) === 'base'
    const fresh = !existsSync(tarball)
    const draft = `${tarball}.part`
    if (fresh && base) await buildBase(options.release, draft)
    else if (fresh) await buildDerived(options, image, draft)
    if (base) await docker(['import', ...label, fresh ? draft : tarball, image])
    else if (!fresh) await docker(['load', '-i', tarball])
    if (fresh && !options.python) await assertNoPython(image)
    if (fresh) await rename(draft, tarball)
    if (fresh) await dropOld(image)
    return image
  })
}

const made = new Map<string, Promise<string>>()

/** Makes sure that the engine has the image of such a host and returns its name: from the engine, the cache, or built. */
export const ensureImage = (options: ImageOptions): Promise<string> => {
  const image = imageName(options)
  const found = made.get(image)
  if (found) return found
  const making = make(options).catch(error => {
    made.delete(image)
    throw error
  })
  made.set(image, making)
  return making
}
