// Where an engine comes from, through the real command: docker-ce from a signed repository, its versions, and its exchange for the distribution's.
import { readFileSync } from 'node:fs'
import { t as all, type Test, test } from 'tap'
import { type DockerCeRepository, dockerCeRepository, dockerCeVersions } from '../../lab/docker-ce.js'
import { busyboxTarball, type LabHost, labHost } from '../../lab/index.js'
import { hostEntry, type Ran, testProject, told } from '../command.js'

all.setTimeout(600_000)
all.jobs = 2

const { older, newer } = dockerCeVersions
const versions = "dpkg-query -W -f '${Package} ${Version} ${db:Status-Want}\\n' docker-ce docker-ce-cli"
const nothing = /Nothing to do/

/** A project for one host; `engine` is its `engine:` block. */
function projectFor(t: Test, host: LabHost, { url, key }: DockerCeRepository) {
  const project = testProject({})
  t.teardown(() => project.remove())
  project.write('keys/docker.asc', readFileSync(key, 'utf8'))
  const run = (engine: Record<string, unknown>, ...args: string[]): Promise<Ran> => {
    const repository = engine.source === 'docker-ce' ? { repository: { url, key: 'keys/docker.asc' } } : {}
    const block = JSON.stringify({ ...engine, ...repository })
    project.write('longshore.yaml', `project: ce\nhosts: { box: ${hostEntry(host)} }\nengine: ${block}\n`)
    return project.run(args)
  }
  const provision = async (engine: Record<string, unknown>): Promise<Ran> => {
    const ran = await run(engine, 'provision', '--yes')
    t.equal(ran.code, 0, told(ran))
    return ran
  }
  return { run, provision }
}

/** Two containers with a volume, which end at once when they are told to. */
async function startContainers(host: LabHost): Promise<void> {
  await host.sh('docker import - busybox', { input: readFileSync(await busyboxTarball()), check: true })
  const line = 'sh -c "echo kept >/data/word; trap exit TERM; while :; do sleep 1; done"'
  for (const name of ['one', 'two'])
    await host.sh(`docker run -d --stop-timeout 1 --name ${name} -v words:/data busybox ${line}`, { check: true })
}

test('docker-ce on a fresh host with an older entry of its repository, and its versions', async t => {
  const repository = await dockerCeRepository()
  t.teardown(() => repository.close())
  const host = await labHost({ release: 'bookworm' })
  t.teardown(() => host.remove())
  const { run, provision } = projectFor(t, host, repository)
  const oldKey = '/usr/share/keyrings/docker-archive-keyring.gpg'
  await host.sh(`cat >${oldKey}`, { input: repository.binaryKey, check: true })
  await host.sh('cat >/etc/apt/sources.list.d/docker.list', {
    input: `deb [arch=amd64 signed-by=${oldKey}] ${repository.url} bookworm stable\n`,
    check: true,
  })

  const plan = await run({ source: 'docker-ce', version: '20.10.24' }, 'plan')
  t.match(plan.stdout, /create repository docker [\s\S]*install package docker-ce, docker-ce-cli, containerd\.io/)
  t.match(plan.stdout, /start service docker/)
  t.notMatch(plan.stdout, /stop/, 'there is no container that could stop')
  t.equal((await host.sh('ls /etc/apt/keyrings; command -v dockerd')).stdout, '', 'a plan touches nothing')

  await provision({ source: 'docker-ce', version: '20.10.24' })
  t.equal((await host.sh(versions)).stdout, `docker-ce ${older} hold\ndocker-ce-cli ${older} hold\n`)
  const update = await host.sh('apt-get update 2>&1')
  t.equal(update.code, 0, update.stdout)
  t.notMatch(update.stdout, /^[WE]:/m)
  t.match((await host.sh('cat /etc/apt/sources.list.d/docker.list')).stdout, /^# now in docker\.sources: deb /)
  t.match((await host.sh('cat /etc/apt/sources.list.d/docker.sources')).stdout, /^Signed-By: .*\/docker\.asc$/m)
  t.match(
    (await host.sh('dpkg -s docker-buildx-plugin')).stdout,
    /ok installed/,
    'it comes because the repository has it',
  )
  await startContainers(host)
  t.equal((await host.sh('docker exec one cat /data/word')).stdout, 'kept\n', 'a container answers')
  t.match((await provision({ source: 'docker-ce', version: '20.10.24' })).stdout, nothing)

  await host.sh('apt-get -y upgrade', { check: true })
  t.match((await host.sh(versions)).stdout, `docker-ce ${older} hold`, 'an upgrade of the host does not touch it')
  const upgrade = await run({ source: 'docker-ce', version: '20.10.25' }, 'plan')
  t.match(upgrade.stdout, /upgrade package docker-ce/)
  t.match(upgrade.stdout, `docker-ce: ${older} → ${newer}`)
  t.match(upgrade.stdout, /loses 2 containers stop: (one, two|two, one)/)
  await provision({ source: 'docker-ce', version: '20.10.25' })
  t.equal((await host.sh(versions)).stdout, `docker-ce ${newer} hold\ndocker-ce-cli ${newer} hold\n`)
  t.equal((await host.sh('docker ps -q')).stdout, '', 'they have stopped, as was said')
  t.match((await provision({ source: 'docker-ce', version: '20.10.25' })).stdout, nothing)

  await host.sh('docker start one', { check: true })
  const downgrade = await run({ source: 'docker-ce', version: '5:20.10.24-1*' }, 'plan')
  t.match(downgrade.stdout, /downgrade package docker-ce[\s\S]*loses 1 container stops: one/)
  await provision({ source: 'docker-ce', version: '20.10.24' })
  t.equal((await host.sh(versions)).stdout, `docker-ce ${older} hold\ndocker-ce-cli ${older} hold\n`)

  const missing = await run({ source: 'docker-ce', version: '99.*' }, 'provision', '--yes')
  t.equal(missing.code, 1, told(missing))
  t.match(missing.stderr, `the package lists have no docker-ce that is 99.*; they have ${newer} ${older}`)
  const free = await provision({ source: 'docker-ce' })
  t.match(free.stdout, /hold: docker-ce, docker-ce-cli → let go/)
  t.equal((await host.sh('apt-mark showhold')).stdout, '')
  t.match((await provision({ source: 'docker-ce' })).stdout, nothing)
})

test("the distribution's engine is exchanged only when that is said, and its data stays", async t => {
  const repository = await dockerCeRepository()
  t.teardown(() => repository.close())
  const host = await labHost({ release: 'bookworm', engine: true })
  t.teardown(() => host.remove())
  const { run, provision } = projectFor(t, host, repository)
  await startContainers(host)
  const refused = await run({ source: 'docker-ce' }, 'provision', '--yes')
  t.equal(refused.code, 1, told(refused))
  t.match(
    refused.stderr,
    /the engine there is from distro \(20\.10\.24\+dfsg1-.*\), and `engine\.source` says docker-ce/,
  )
  t.match(refused.stderr, /longshore\.yaml:3:\d+[\s\S]*say `replace: true`: its containers stop, its data stays/)
  t.equal((await host.sh('command -v dockerd')).stdout, '/usr/sbin/dockerd\n')
  t.match((await provision({})).stdout, nothing, 'an engine of which the file says nothing is left alone')

  const plan = await run({ source: 'docker-ce', replace: true }, 'plan')
  t.match(plan.stdout, /replace package docker-ce[\s\S]*docker\.io: \S+ → absent/)
  t.match(plan.stdout, /loses 2 containers stop/)
  await provision({ source: 'docker-ce', replace: true })
  t.equal(
    (await host.sh('command -v dockerd; dpkg -s docker.io | grep Status')).stdout,
    '/usr/bin/dockerd\nStatus: deinstall ok config-files\n',
  )
  const word = 'docker run --rm -v words:/data busybox cat /data/word'
  t.equal((await host.sh(word)).stdout, 'kept\n')
  t.match((await host.sh('docker ps -a')).stdout, /two[\s\S]*one|one[\s\S]*two/, 'the containers are there, stopped')
  t.match((await provision({ source: 'docker-ce', replace: true })).stdout, nothing)
  await host.sh('DEBIAN_FRONTEND=noninteractive apt-get -y purge docker.io', { check: true })
  t.equal((await host.sh(word)).stdout, 'kept\n', 'a purge of what is left of the old package does not empty the data')

  // The file of the engine that runs is another one now, as after an upgrade by hand that restarted nothing.
  await host.sh('docker start one && cp /usr/bin/dockerd /usr/bin/d && mv /usr/bin/d /usr/bin/dockerd', { check: true })
  const restart = await provision({ source: 'docker-ce' })
  t.match(
    restart.stdout,
    /restart package docker-ce[\s\S]*another version runs → restarted[\s\S]*1 container stops: one/,
  )
  t.match((await provision({ source: 'docker-ce' })).stdout, nothing)

  await provision({ source: 'distro', version: '20.10.*', replace: true })
  t.equal(
    (await host.sh(`command -v dockerd; apt-mark showhold; ${word}`)).stdout,
    '/usr/sbin/dockerd\ndocker.io\nkept\n',
  )
  t.match((await provision({ source: 'distro', version: '20.10.*', replace: true })).stdout, nothing)
  t.match(
    (await provision({})).stdout,
    /hold: docker\.io → let go/,
    'a version that is no longer wanted leaves no hold',
  )
  t.equal((await host.sh('apt-mark showhold')).stdout, '')
  t.match((await provision({})).stdout, nothing)
})

test('docker-ce where no systemd runs: the daemon of the new version takes over', async t => {
  const repository = await dockerCeRepository()
  t.teardown(() => repository.close())
  const host = await labHost({ release: 'bookworm', init: 'none' })
  t.teardown(() => host.remove())
  const { provision } = projectFor(t, host, repository)
  await provision({ source: 'docker-ce', version: '20.10.24' })
  const first = (await host.sh('pgrep -x dockerd')).stdout
  await provision({ source: 'docker-ce', version: '20.10.25' })
  const second = (await host.sh('pgrep -x dockerd')).stdout
  t.match([first, second], [/^\d+\n$/, /^\d+\n$/])
  t.not(first, second)
  t.match((await host.sh('docker info')).stdout, /Server Version/)
  t.match((await provision({ source: 'docker-ce', version: '20.10.25' })).stdout, nothing)
})
