// A tiny root file system of Debian's static busybox, for the containers that tests run: sh, httpd, wget, nc, sleep and more.

import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { aptGet, packageExists } from './apt.js'
import { cacheDir, withLock } from './cache.js'
import { must } from './run.js'

const fetchBusybox = async (binary: string): Promise<void> => {
  const dir = await mkdtemp(join(cacheDir(), 'busybox-'))
  try {
    if (!(await packageExists('busybox-static'))) await aptGet(['update'])
    // Downloaded and unpacked, not installed: the package would replace the machine's own busybox. apt's sandbox user
    // cannot write into the cache, and says so on every run.
    await must('sh', ['-c', 'cd "$1" && apt-get -q -o APT::Sandbox::User=root download busybox-static', 'sh', dir])
    await must('sh', ['-c', 'dpkg -x "$1"/*.deb "$1/root"', 'sh', dir])
    const path = (await must('find', [join(dir, 'root'), '-path', '*/bin/busybox', '-type', 'f'])).trim()
    await rename(path, binary)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** The path of Debian's static busybox, fetched into the cache at the first call. */
export const busybox = async (): Promise<string> => {
  const binary = join(cacheDir(), 'busybox')
  if (!existsSync(binary))
    await withLock('busybox', async () => void (existsSync(binary) || (await fetchBusybox(binary))))
  return binary
}

/** Makes a directory with busybox and a link for each of its applets, ready for `tar -C DIR -c . | docker import -`. */
export const busyboxRootfs = async (dir: string): Promise<void> => {
  const binary = await busybox()
  for (const sub of ['bin', 'etc', 'root', 'tmp', 'var', 'proc', 'sys', 'dev'])
    await mkdir(join(dir, sub), { recursive: true })
  await copyFile(binary, join(dir, 'bin', 'busybox'))
  await chmod(join(dir, 'bin', 'busybox'), 0o755)
  await chmod(join(dir, 'tmp'), 0o1777)
  const applets = (await must(binary, ['--list'])).trim().split('\n')
  for (const applet of applets) if (applet !== 'busybox') await symlink('busybox', join(dir, 'bin', applet))
  await writeFile(
    join(dir, 'etc', 'passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  )
  await writeFile(join(dir, 'etc', 'group'), 'root:x:0:\nnogroup:x:65534:\n')
}

/** The path of a cached tarball of `busyboxRootfs`, about 2 MB, for `docker import`. */
export const busyboxTarball = async (): Promise<string> => {
  const tarball = join(cacheDir(), 'busybox.tar')
  await busybox()
  return withLock('busybox', async () => {
    if (existsSync(tarball)) return tarball
    const dir = await mkdtemp(join(cacheDir(), 'busybox-'))
    try {
      await busyboxRootfs(dir)
      // mkdtemp makes it 0700, and an image's root must be readable for all.
      await chmod(dir, 0o755)
      const plain = ['--numeric-owner', '--owner=0', '--group=0', '--sort=name', '--mtime=@0']
      await must('tar', ['-C', dir, ...plain, '-cf', `${tarball}.part`, '.'])
      await rename(`${tarball}.part`, tarball)
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
    return tarball
  })
}
