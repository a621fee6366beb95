// docker-ce by dnf, through the real command: a host that says it is a Rocky Linux, with a signed repository of rpms that carry Debian's engine.
import { t as all, test } from 'tap'
import { labHost } from '../../lab/index.js'
import { hostEntry, type Ran, testProject, told } from '../command.js'

all.setTimeout(600_000)

/** What makes a Debian host one of dnf's: its packages are rpms, its name is another, and what engines need of libraries is there. */
const disguise = `set -e
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q install -y --no-install-recommends dnf createrepo-c rpm gnupg iptables libdevmapper1.02.1 libseccomp2 libsystemd0 curl
mkdir -p /srv/ce/10/x86_64/stable /tmp/build /etc/yum.repos.d /etc/dnf/vars; cd /tmp/build
echo 10 >/etc/dnf/vars/releasever
# Debian's rpm looks for its database in the home folder, dnf's does not
printf '%%_dbpath /var/lib/rpm\\n%%__gpg /usr/bin/gpg\\n%%_gpg_name Lab\\n' >/root/.rpmmacros
for name in docker.io containerd runc; do apt-get -q -o APT::Sandbox::User=root download $name; dpkg-deb -x $name*.deb from; done
# pack NAME EPOCH VERSION "FIELDS": an rpm of what is in the folder \`package\`
pack() {
  (cd package && find . -type f -o -type l) | sed 's/^\\.//' >files
  printf 'Name: %s\\nEpoch: %s\\nVersion: %s\\nRelease: 1\\nSummary: stand-in\\nLicense: MIT\\nAutoReqProv: no\\n%b%%description\\nstand-in\\n%%install\\ncp -a /tmp/build/package/. %%{buildroot}/\\n%%files -f /tmp/build/files\\n' "$1" "$2" "$3" "$4" >$1.spec
  rpmbuild --quiet --define '_rpmdir /srv/ce/10/x86_64/stable' --define '_build_name_fmt %%{NAME}-%%{VERSION}.rpm' --define '__os_install_post %{nil}' --define '_binary_payload w1.gzdio' --define 'debug_package %{nil}' -bb $1.spec
  rm -rf package
}
for version in 20.10.24 20.10.25; do
  mkdir -p package/usr/bin package/usr/lib/systemd/system
  cp from/usr/sbin/dockerd from/usr/sbin/docker-proxy package/usr/bin/
  cp from/lib/systemd/system/docker.socket package/usr/lib/systemd/system/
  sed -e 's|^ExecStart=.*|ExecStart=/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock|' -e '/^EnvironmentFile/d' \\
    from/lib/systemd/system/docker.service >package/usr/lib/systemd/system/docker.service
  pack docker-ce 3 $version 'Requires: containerd.io docker-ce-cli\\n%pre\\ngetent group docker >/dev/null || groupadd --system docker\\n'
  mkdir -p package/usr/bin; cp from/usr/bin/docker package/usr/bin/
  pack docker-ce-cli 1 $version ''
done
mkdir -p package/usr/bin package/usr/lib/systemd/system
cp from/usr/bin/containerd* from/usr/bin/ctr from/usr/sbin/runc package/usr/bin/
cp from/lib/systemd/system/containerd.service package/usr/lib/systemd/system/
# nothing else of this host is an rpm
pack containerd.io 0 1.6.20 'Provides: /bin/sh\\n'
export GNUPGHOME=/tmp/gpg; mkdir -m 700 /tmp/gpg
gpg --batch --quiet --passphrase '' --quick-generate-key 'Lab <lab@example.test>' rsa2048 sign never
gpg --armor --export >/srv/docker.asc
rpmsign --addsign /srv/ce/10/x86_64/stable/*.rpm >/dev/null
createrepo_c -q /srv/ce/10/x86_64/stable
rm -rf /tmp/build
# such a host has no packages of dpkg's
mv /var/lib/dpkg /var/lib/dpkg-away
printf 'ID="rocky"\\nID_LIKE="rhel centos fedora"\\nVERSION_ID="10.1"\\nNAME="Rocky Linux"\\nPRETTY_NAME="Rocky Linux 10.1"\\n' >/etc/os-release
`

test('docker-ce by dnf on a fresh host', async t => {
  const host = await labHost({ release: 'bookworm' })
  t.teardown(() => host.remove())
  const made = await host.sh(disguise)
  t.equal(made.code, 0, `${made.stdout}${made.stderr}`.slice(-3000))
  const project = testProject({ 'docker.asc': (await host.sh('cat /srv/docker.asc')).stdout })
  t.teardown(() => project.remove())
  const run = (engine: Record<string, unknown>, ...args: string[]): Promise<Ran> => {
    const repository = { url: 'file:///srv/ce', key: 'docker.asc' }
    const block = JSON.stringify({ source: 'docker-ce', repository, ...engine })
    project.write('longshore.yaml', `project: ce\nhosts: { box: ${hostEntry(host)} }\nengine: ${block}\n`)
    return project.run(args)
  }
  const provision = async (engine: Record<string, unknown>): Promise<Ran> => {
    const ran = await run(engine, 'provision', '--yes')
    t.equal(ran.code, 0, told(ran))
    return ran
  }
  const said = async (script: string): Promise<string> => (await host.sh(script)).stdout.trim()

  const pinned = { version: '20.10.24', daemon: { 'live-restore': true } }
  const plan = await run(pinned, 'plan')
  t.match(
    plan.stdout,
    /create repository docker-ce[\s\S]*install package docker-ce, docker-ce-cli, containerd\.io/,
    told(plan),
  )
  t.equal(await said('rpm -qa; command -v dockerd; ls /etc/yum.repos.d'), '', 'a plan touches nothing')
  await provision(pinned)
  t.equal(
    await said("rpm -q --qf '%{EVR} ' docker-ce docker-ce-cli containerd.io"),
    '3:20.10.24-1 1:20.10.24-1 0:1.6.20-1',
  )
  t.match(await said('cat /etc/yum.repos.d/docker-ce.repo'), /gpgcheck=1\ngpgkey=file:\/\/\/etc\/pki\/rpm-gpg\//)
  t.equal(await said("docker info -f '{{.LiveRestoreEnabled}}'; systemctl is-enabled docker"), 'true\nenabled')
  t.match((await provision(pinned)).stdout, /Nothing to do/)

  const pid = await said('cat /run/docker.pid')
  const next = await run({ ...pinned, version: '20.10.25' }, 'plan')
  t.match(next.stdout, /upgrade package docker-ce|package docker-ce.*20\.10\.24.*20\.10\.25/, told(next))
  await provision({ ...pinned, version: '20.10.25' })
  t.match(await said('rpm -q docker-ce docker-ce-cli'), /docker-ce-20\.10\.25-1.*\ndocker-ce-cli-20\.10\.25-1/)
  t.not(await said('cat /run/docker.pid'), pid, 'the engine that runs is the new one')
  t.match((await provision({ ...pinned, version: '20.10.25' })).stdout, /Nothing to do/)
  await provision(pinned)
  t.match(
    await said('rpm -q docker-ce docker-ce-cli'),
    /docker-ce-20\.10\.24-1.*\ndocker-ce-cli-20\.10\.24-1/,
    'and back',
  )

  const none = await run({ ...pinned, version: '20.10.99' }, 'provision', '--yes')
  t.not(none.code, 0)
  t.match(`${none.stdout}${none.stderr}`, /20\.10\.99/, told(none))
})
