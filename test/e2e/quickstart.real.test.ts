// The quickstart, as a new user would run it: on a bare Debian machine without systemd and without an engine, from a read-only checkout.
import tap, { test } from 'tap'
import { type LabHost, labHost, type RunResult } from '../lab/index.js'
import { packageRoot } from './command.js'
import { changedFacts, hostState, idsOn, thingsOn } from './host-state.js'

// Hosts boot and packages are installed: more than the usual half minute.
tap.setTimeout(600_000)

const command = 'node /longshore/cli/longshore.cjs -f /longshore/examples/quickstart/longshore.yaml'
/** Colours, not the cursor's movements. */
const colours = /\u001b\[\d*m/gu

const told = ({ code, stdout, stderr }: RunResult): string => `exit ${code}\n${stdout}\n${stderr}`
const seen = async (host: LabHost): Promise<number> => {
  const { stdout } = await host.sh('busybox wget -qO- http://127.0.0.1:8080/', { check: true })
  return Number(/It runs.*seen (\d+) times/s.exec(stdout)?.[1])
}

test('the quickstart comes up on a machine with nothing on it', async t => {
  const mounts = [`${packageRoot}:/longshore:ro`, `${process.execPath}:/usr/local/bin/node:ro`]
  const host = await labHost({ init: 'none', mounts })
  t.teardown(() => host.remove())
  const run = (args: string): Promise<RunResult> => host.sh(`cd /root; env -u NODE_EXTRA_CA_CERTS ${command} ${args}`)
  await host.sh('useradd -m ann', { check: true })

  await t.test('refuses to change anything where nobody can be asked', async t => {
    const before = await hostState(host)
    const ran = await run('up')
    t.same(changedFacts(before, await hostState(host)), [], 'nothing was touched')
    t.equal(ran.code, 3, told(ran))
    t.match(ran.stderr, /no terminal to ask[\s\S]*--yes/)
    t.match(
      ran.stdout,
      /install package docker\.io[\s\S]*create container quickstart-web-1/,
      'the plan was shown whole',
    )
  })

  await t.test('says what an ordinary user needs, and changes nothing', async t => {
    const before = await hostState(host)
    const ran = await host.sh(`su ann -s /bin/sh -c 'cd; ${command} up --yes'`)
    t.same(changedFacts(before, await hostState(host)), [], 'nothing was touched')
    t.equal(ran.code, 1, told(ran))
    t.match(ran.stderr, /needs to run as root/, 'what is missing')
    t.match(ran.stderr, /become[\s\S]*by sudo/, 'and what to do about it')
    t.notMatch(ran.stderr, /\.[jt]s:\d+/, 'without a stack')
  })

  await t.test('installs the engine, starts it without systemd, and the page counts', async t => {
    const ran = await run('up --yes')
    t.equal(ran.code, 0, told(ran))
    t.match((await host.sh('dpkg-query -W -f "\\${Status}" docker.io')).stdout, 'install ok installed')
    t.equal((await host.sh('cat /proc/$(cat /run/docker.pid)/comm', { check: true })).stdout.trim(), 'dockerd')
    t.not((await host.sh('cat /proc/1/comm')).stdout.trim(), 'systemd')
    const first = await seen(host)
    t.equal(await seen(host), first + 1)
    t.same((await thingsOn(host)).containers, ['quickstart-counter-1', 'quickstart-web-1'])
    const { stdout } = await host.sh('docker port quickstart-web-1', { check: true })
    t.equal(stdout.trim(), '8000/tcp -> 127.0.0.1:8080', 'on loopback only')
  })

  await t.test('a second time there is nothing to do', async t => {
    const [ids, before, count] = [await idsOn(host), await hostState(host), await seen(host)]
    const ran = await run('up --yes')
    t.same(await idsOn(host), ids)
    t.same(changedFacts(before, await hostState(host)), [])
    t.equal(await seen(host), count + 1, 'and the count went on')
    t.equal(ran.code, 0, told(ran))
    t.match(ran.stdout, /Plan: 0 to change, \d+ unchanged[\s\S]*Nothing to do\./)
  })

  await t.test('at a terminal it draws, asks, and takes no for an answer', async t => {
    await host.sh('docker stop -t 1 quickstart-web-1', { check: true })
    const typed = async (input: string, args: string): Promise<RunResult> => {
      const script = `export TERM=xterm; script -qec "stty cols 100 rows 30; ${command} ${args}" /dev/null`
      const ran = await host.sh(script, { input, timeout: 60_000 })
      return { ...ran, stdout: ran.stdout.replace(colours, '') }
    }
    const ids = await idsOn(host)
    const no = await typed('n\n', 'up')
    t.equal((await host.sh('docker inspect -f {{.State.Running}} quickstart-web-1')).stdout.trim(), 'false')
    t.equal(no.code, 1, told(no))
    t.match(no.stdout, /start container quickstart-web-1[\s\S]*Do this step\? \[y\/N\][\s\S]*Nothing was changed/)
    const yes = await typed('y\n', 'up')
    t.same(await idsOn(host), ids, 'the stopped container was started, not made anew')
    t.ok((await seen(host)) > 0, 'and its page answers')
    t.equal(yes.code, 0, told(yes))
    t.match(yes.stdout, /✔ localhost {2}start container quickstart-web-1/, 'the tree is drawn')
    const nothing = await typed('', 'up --yes')
    t.equal(nothing.code, 0, told(nothing))
    t.match(nothing.stdout, 'Nothing to do.')
  })

  await t.test('down with volumes and images leaves only the engine', async t => {
    const ran = await run('down --volumes --images --yes')
    t.equal(ran.code, 0, told(ran))
    t.same(await thingsOn(host), { containers: [], images: [], networks: [], volumes: [] })
    t.equal((await host.sh('docker version')).code, 0, 'the engine answers')
    const again = await run('down --volumes --images --yes')
    t.equal(again.code, 0, told(again))
    t.match(again.stdout, 'Nothing to do.')
  })

  await t.test('and it comes up again from there', async t => {
    const ran = await run('up --yes')
    t.equal(ran.code, 0, told(ran))
    t.equal(await seen(host), 1, 'the count was thrown away with its volume')
  })
})
