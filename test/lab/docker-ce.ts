// A stand-in for Docker's own apt repository: Debian's engine repacked under docker-ce's names and paths, signed, served over HTTP to lab hosts.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import { aptGet, ensureTools, packageExists } from './apt.js'
import { cacheDir, withLock } from './cache.js'
import { docker, must } from './run.js'

/** Both hold the same engine, 20.10.24: only the packages differ. */
export const dockerCeVersions = {
  older: '5:20.10.24-1~debian.12~bookworm',
  newer: '5:20.10.25-1~debian.12~bookworm',
} as const

/** Run in an empty folder that gets `repo/` (dists and pool), `key.asc` and `key.gpg`; arguments: the versions. */
const buildScript = `set -e
umask 022
arch=$(dpkg --print-architecture) pool=repo/pool/stable
mkdir -p "$pool" "repo/dists/bookworm/stable/binary-$arch" from
for name in docker.io containerd runc; do apt-get -q -o APT::Sandbox::User=root download $name; dpkg-deb -x $name*.deb from; done
rm -f ./*.deb

# pack NAME VERSION "FIELDS": builds the folder \`package\`
pack() {
  mkdir -p package/DEBIAN
  printf 'Package: %s\\nVersion: %s\\nArchitecture: %s\\nMaintainer: Lab <lab@example.test>\\nSection: admin\\nPriority: optional\\n%bDescription: stand-in for tests\\n' \\
    "$1" "$2" "$arch" "$3" >package/DEBIAN/control
  find package/etc -type f 2>/dev/null | sed 's/^package//' >package/DEBIAN/conffiles
  dpkg-deb --root-owner-group -Zgzip -z1 -b package "$pool/$(printf '%s_%s_%s.deb' "$1" "$2" "$arch" | tr : -)" >/dev/null
  rm -rf package
}
# units UNIT…: maintainer scripts that do what debhelper's do
units() {
  mkdir -p package/DEBIAN
  cat >package/DEBIAN/postinst <<X
#!/bin/sh
set -e
[ "\\$1" = configure ] || exit 0
getent group docker >/dev/null || groupadd --system docker
for unit in $*; do deb-systemd-helper unmask \\$unit >/dev/null || :; deb-systemd-helper enable \\$unit >/dev/null || :; done
if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload
  deb-systemd-invoke "\\$(if [ -n "\\$2" ]; then echo restart; else echo start; fi)" $* >/dev/null || :
fi
X
  cat >package/DEBIAN/prerm <<X
#!/bin/sh
set -e
if [ "\\$1" = remove ] && [ -d /run/systemd/system ]; then deb-systemd-invoke stop $* >/dev/null || :; fi
X
  cat >package/DEBIAN/postrm <<X
#!/bin/sh
set -e
if [ "\\$1" = remove ] && [ -d /run/systemd/system ]; then systemctl --system daemon-reload || :; fi
if [ "\\$1" = purge ]; then deb-systemd-helper purge $* >/dev/null || :; fi
X
  chmod 755 package/DEBIAN/p*
}

for version; do
  units docker.service docker.socket
  mkdir -p package/usr/bin package/lib/systemd/system package/etc/default package/etc/init.d
  cp from/usr/sbin/dockerd from/usr/sbin/docker-proxy package/usr/bin/
  cp from/lib/systemd/system/docker.socket package/lib/systemd/system/
  sed -e 's|^ExecStart=.*|ExecStart=/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock|' -e '/^EnvironmentFile/d' \\
    from/lib/systemd/system/docker.service >package/lib/systemd/system/docker.service
  cp from/etc/default/docker package/etc/default/
  sed 's|/usr/sbin/dockerd|/usr/bin/dockerd|' from/etc/init.d/docker >package/etc/init.d/docker
  chmod 755 package/etc/init.d/docker
  pack docker-ce "$version" 'Depends: containerd.io (>= 1.6.4), docker-ce-cli, iptables, libc6, libdevmapper1.02.1, libsystemd0\\nConflicts: docker (<< 1.5~), docker.io\\n'
  mkdir -p package/usr/bin; cp from/usr/bin/docker package/usr/bin/
  pack docker-ce-cli "$version" 'Depends: libc6\\nRecommends: docker-buildx-plugin\\nConflicts: docker (<< 1.5~), docker.io\\n'
done

units containerd.service
mkdir -p package/usr/bin package/lib/systemd/system package/etc/containerd
cp from/usr/bin/containerd* from/usr/bin/ctr from/usr/sbin/runc package/usr/bin/
cp from/lib/systemd/system/containerd.service package/lib/systemd/system/
echo 'disabled_plugins = ["cri"]' >package/etc/containerd/config.toml
pack containerd.io 1.6.20-1 'Depends: libc6, libseccomp2\\nProvides: containerd, runc\\nConflicts: containerd, runc\\nReplaces: containerd, runc\\n'

mkdir -p package/usr/libexec/docker/cli-plugins
printf '#!/bin/sh\\necho \\047{"SchemaVersion":"0.1.0","Vendor":"Lab","Version":"v0.10.5"}\\047\\n' >package/usr/libexec/docker/cli-plugins/docker-buildx; chmod 755 package/usr/libexec/docker/cli-plugins/docker-buildx
pack docker-buildx-plugin 0.10.5-1~debian.12~bookworm 'Enhances: docker-ce-cli\\n'

GNUPGHOME=$PWD/gpg; export GNUPGHOME; mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key 'Lab docker-ce <lab@example.test>' rsa2048 sign never 2>/dev/null
gpg --armor --export >key.asc; gpg --export >key.gpg
cd repo
apt-ftparchive packages pool >"dists/bookworm/stable/binary-$arch/Packages"
apt-ftparchive -o APT::FTPArchive::Release::Codename=bookworm -o APT::FTPArchive::Release::Suite=bookworm -o APT::FTPArchive::Release::Components=stable \\
  -o "APT::FTPArchive::Release::Architectures=$arch" release dists/bookworm >../Release
mv ../Release dists/bookworm/Release
gpg --batch --quiet --yes --clearsign -o dists/bookworm/InRelease dists/bookworm/Release
cp ../key.asc gpg
cd ..; gpgconf --kill all 2>/dev/null || :; rm -rf from gpg
`

const build = async (folder: string): Promise<void> => {
  await ensureTools({ 'apt-ftparchive': 'apt-utils', gpg: 'gnupg' })
  if (!(await packageExists('docker.io'))) await aptGet(['update'])
  await mkdir(join(cacheDir(), 'docker-ce'), { recursive: true })
  const draft = await mkdtemp(join(cacheDir(), 'docker-ce', 'build-'))
  try {
    await must('sh', ['-c', `cd "$0"; ${buildScript}`, draft, ...Object.values(dockerCeVersions)])
    await rename(draft, folder)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** The repository's folder in the cache, built at the first call; its name changes with its recipe. */
const repositoryFolder = async (): Promise<string> => {
  const recipe = createHash('sha256').update(JSON.stringify([buildScript, dockerCeVersions, process.arch]))
  const folder = join(cacheDir(), 'docker-ce', recipe.digest('hex').slice(0, 12))
  await withLock('docker-ce', async () => void (existsSync(folder) || (await build(folder))))
  return folder
}

/** The repository while it is served. */
export interface DockerCeRepository {
  /** As lab hosts reach it; suite bookworm, component stable. */
  url: string
  /** Its key here, armored, and the same as the binary that older instructions wrote. */
  key: string
  binaryKey: Buffer
  close(): void
}

/** Serves the repository to the lab's network. */
export async function dockerCeRepository(): Promise<DockerCeRepository> {
  const folder = await repositoryFolder()
  const root = join(folder, 'repo')
  const server = createServer((request, response) => {
    const path = join(root, normalize(decodeURIComponent(request.url ?? '/')))
    if (!path.startsWith(`${root}/`) || !statSync(path, { throwIfNoEntry: false })?.isFile())
      return response.writeHead(404).end()
    response.writeHead(200, { 'content-length': statSync(path).size })
    return createReadStream(path).pipe(response)
  })
  const gateway = (await docker(['network', 'inspect', '-f', '{{(index .IPAM.Config 0).Gateway}}', 'bridge'])).trim()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, gateway, resolve)
  })
  server.unref()
  return {
    url: `http://${gateway}:${(server.address() as AddressInfo).port}`,
    key: join(folder, 'key.asc'),
    binaryKey: await readFile(join(folder, 'key.gpg')),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
