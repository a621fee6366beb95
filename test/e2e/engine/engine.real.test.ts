// The engine through the real command: TCP with certificates, daemon.json, renewal, rollback, and that nothing is left half done.
import { chmodSync, existsSync, readFileSync, renameSync, statSync } from 'node:fs'
import { t as all, test } from 'tap'
import { keepClient } from '../../../cli/certificates/authority.js'
import { issue, makeAuthority } from '../../../cli/certificates/issue.js'
import { tracesOf, watchHere } from '../../providers/secret-traces.js'
import { told } from '../command.js'
import {
  answerTo,
  base,
  client,
  copyOf,
  baseDaemon as daemon,
  type Engine,
  engineSite,
  exported,
  linesOf,
  password,
  spareFolder,
  baseTls as tls,
} from './engine-site.js'

all.setTimeout(600_000)
all.jobs = 2

const nothing = /Nothing to do/
for (const [release, version] of [
  ['bookworm', '20.10'],
  ['trixie', '26.1'],
] as const)
  test(`the engine ${version} of ${release}`, async t => {
    const site = await engineSite(t, release)
    const { host, said, folder, run, provision, settle, write } = site
    const spare = spareFolder(t)
    await host.sh('docker run -d --name job box:1 sleep 100000', { check: true })
    const life = await site.life()

    await t.test('a plan shows it, masks it and makes nothing', async t => {
      write(base)
      const plan = await run(['plan', '-v'])
      t.equal(plan.code, 0, told(plan))
      t.match(plan.stdout, /certificate: none → issued for web, .*docker\.shop\.test.*by a new authority/)
      t.match(plan.stdout, /"tag": "\{\{\.Name\}\}\/web"/, "the engine's templates pass, ours are rendered")
      t.match(plan.stdout, 'ExecStart=/usr/sbin/dockerd -H fd:// -H tcp://0.0.0.0:2376')
      t.notMatch(told(plan), password)
      t.match(told(plan), /client ci has no certificate here/)
      t.equal(existsSync(folder('pki')), false)
      t.equal(await said('ls /etc/docker/tls /etc/docker/daemon.json 2>/dev/null'), '')
    })

    await t.test('provisioned: in force, and nothing told to anybody', async t => {
      const watch = watchHere()
      const ran = await provision(base, 0)
      const seen = watch.stop().join('\n')
      t.match((await provision(base)).stdout, nothing)
      t.same(await site.life(), life, 'live-restore is switched on first, so that the container lives')
      t.match(await said('docker info -f "{{.LoggingDriver}} {{.Labels}}"'), /^json-file \[zone=a\]/)
      t.equal((await site.daemon())['log-opts'] && (await said('grep -c "{{.Name}}/web" /etc/docker/daemon.json')), '1')
      t.equal(await said('id -nG nobody'), 'nogroup docker')
      t.equal(await said('stat -c "%a %U" /etc/docker/tls/key.pem'), '400 root')
      const keys = [await said('cat /etc/docker/tls/key.pem'), readFileSync(folder('pki/ca.key'), 'utf8')]
      const traces = [...tracesOf(password), ...keys.flatMap(linesOf)]
      for (const trace of traces) t.notOk(told(ran).includes(trace) || seen.includes(trace), 'a secret was told')
      const find = `grep -rlaF -D skip -f - /etc /root /home /tmp /var /run 2>/dev/null | xargs -r stat -c '%a %n'`
      const files = (await host.sh(find, { input: `${traces.join('\n')}\n` })).stdout.trim().split('\n')
      t.ok(files.length > 0 && files.every(line => /^[46]00 \/etc\/docker\//.test(line)), files.join('\n'))
      t.equal((await host.sh('journalctl --no-pager | grep -aF -f -', { input: `${traces.join('\n')}\n` })).stdout, '')
      for (const file of ['ca.key', 'clients/ci/key.pem'])
        t.equal((statSync(folder('pki', file)).mode & 0o777).toString(8), '600')
    })

    await t.test('stock clients from outside, with and without a certificate', async t => {
      const pair = folder('pki/clients/ci')
      t.match(await answerTo(host.ip, pair, spare), new RegExp(`^${version.replace('.', '\\.')}`))
      const stranger = await makeAuthority('strangers', 1)
      const their = await issue(stranger, { name: 'ci', use: 'client', names: [], days: 1 })
      await keepClient(spare, 'them', their, readFileSync(folder('pki/ca.crt'), 'utf8'))
      t.match(await answerTo(host.ip, `${spare}/clients/them`, spare), /certificate|tls:/)
      const bare = await client(spare, ['version'], { DOCKER_HOST: `tcp://${host.ip}:2376` })
      t.match(bare.stderr, /HTTPS/)
      t.match(await said('docker version -f {{.Server.Version}}'), version, 'the unix socket works')
      const env = await run(['env', 'web'])
      const format = ['-f', '{{.Server.Version}}']
      t.match((await client(spare, ['version', ...format], exported(env.stdout))).stdout, version, told(env))
      const context = await run(['env', 'web', '--context'], { env: { DOCKER_CONFIG: `${spare}/config` } })
      t.equal(context.code, 0, told(context))
      t.match((await client(spare, ['--context', 'eng-web', 'version', ...format], {})).stdout, version)
    })

    await t.test('certificates are shown and renewed, and old clients still work', async t => {
      const serial = () => said('sha256sum /etc/docker/tls/cert.pem')
      const [before, old] = [await serial(), copyOf(folder('pki/clients/ci'), spare, 'old')]
      const shown = await run(['certs'])
      t.match(shown.stdout, /authority .* 3649 days left[\s\S]*client ci +89 days left[\s\S]*host web +89 days left/)
      const renewed = await run(['certs', 'renew', '--yes'])
      t.equal(renewed.code, 0, told(renewed))
      t.not(await serial(), before)
      t.not(readFileSync(`${old}/cert.pem`, 'utf8'), readFileSync(folder('pki/clients/ci/cert.pem'), 'utf8'))
      t.match(await answerTo(host.ip, old, spare), version)
      t.match(await answerTo(host.ip, folder('pki/clients/ci'), spare), version)
      t.match((await provision(base)).stdout, nothing)
      write({ ...base, tls: { ...tls, days: 400, renew_before: '100d' } })
      const plan = await run(['plan'])
      t.match(told(plan), /certificate: expires in 89 days → issued for web/)
      t.match(told(plan), /client ci has a certificate that ends in 89 days/)
      await settle({ ...base, tls: { ...tls, days: 400, renew_before: '100d' } })
      t.match(await answerTo(host.ip, old, spare), version)
      await settle({ ...base, tls: { ...tls, sans: ['docker.shop.test', 'more.shop.test'] } })
      t.match((await run(['certs'])).stdout, /host web .*more\.shop\.test/)
      t.equal(await site.life(), life)
    })

    const now: Engine = { ...base, tls: { ...tls, sans: ['docker.shop.test', 'more.shop.test'] } }
    await t.test('what the daemon refuses is undone', async t => {
      const before = await site.daemon()
      const bad = { ...daemon, 'default-address-pools': [{ base: '10.0.0.0/8', size: 4 }] }
      const ran = await provision({ ...now, daemon: bad }, 6)
      t.match(told(ran), /configure failed, and was undone[\s\S]*invalid pools size: 4[\s\S]*rolled back/)
      t.same([await site.daemon(), await site.life()], [before, life])
      t.match((await provision(now)).stdout, nothing)
      const wrong = await provision({ ...now, daemon: { ...daemon, proxy: {} } }, 3)
      t.match(wrong.stderr, /no engine knows the key `proxy`\s+at longshore\.yaml:3:\d+/)
    })

    await t.test('a key that leaves the YAML leaves the file; a killed command leaves nothing half done', async t => {
      const { labels: _, ...less } = daemon
      await settle({ ...now, daemon: less })
      t.notOk('labels' in (await site.daemon()))
      write({ ...now, daemon: { ...less, mtu: 1400 } })
      const killed = await run(['provision', '--yes'], { killAt: /configure engine configuration …/ })
      t.equal(killed.code, 137, told(killed))
      await settle({ ...now, daemon: { ...less, mtu: 1400 } })
      t.same([(await site.daemon()).mtu, await site.life()], [1400, life])
      await settle(now)
    })

    await t.test('without the key, or beside another authority, nothing is begun', async t => {
      site.project.write('mark.yaml', '- hosts: all\n  tasks:\n    - copy: { content: "x", dest: /tmp/mark }\n')
      const untouched = async (engine: Engine, says: RegExp): Promise<void> => {
        write(engine, 'playbooks: [mark.yaml]\n')
        const ran = await run(['up', '--yes'])
        t.equal(ran.code, 3, told(ran))
        t.match(told(ran), says)
        t.equal(await said('ls /tmp/mark 2>/dev/null'), '')
      }
      renameSync(folder('pki/ca.key'), folder('ca.key'))
      t.match((await provision(now)).stdout, nothing, 'what is in order needs no key')
      await untouched(
        { ...now, tls: { ...tls, sans: ['new.shop.test'] } },
        /the key of the authority .*ca\.crt is not here, "eng engines" \(SHA-256 [0-9A-F:]+\); the certificate of web: lacks new\.shop\.test/,
      )
      renameSync(folder('pki'), folder('elsewhere'))
      await untouched(
        now,
        /web has certificates of the authority "eng engines" \(SHA-256 [0-9A-F:]+\), which is not in .*pki[\s\S]*bring that folder/,
      )
      t.equal(existsSync(folder('pki')), false)
      renameSync(folder('elsewhere'), folder('pki'))
      renameSync(folder('ca.key'), folder('pki/ca.key'))
      chmodSync(folder('pki/ca.key'), 0o644)
      await untouched({ ...now, tls: { ...tls, sans: ['new.shop.test'] } }, /others can read the private key .*ca\.key/)
    })
  })
