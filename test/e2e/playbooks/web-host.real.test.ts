// The example of one configured machine, as it stands, on two releases of Debian: more than sixty tasks, a page that answers, and a second run without a change.
import { join } from 'node:path'
import tap, { test } from 'tap'
import { labHost, type Release } from '../../lab/index.js'
import { packageRoot, testProject, told } from '../command.js'
import { changedFacts, hostState } from '../host-state.js'
import { ends, planned } from '../run-events.js'

// Packages are installed on two hosts.
tap.setTimeout(600_000)

const example = join(packageRoot, 'examples', 'web-host', 'longshore.yaml')
const releases: readonly Release[] = ['bookworm', 'trixie']

/** Tasks that look at the host, beside those that change it. */
const leastTasks = 60

test('the example of a web host', { jobs: releases.length }, async t => {
  await Promise.all(
    releases.map(release =>
      t.test(`on ${release}`, { buffered: true }, async t => {
        const host = await labHost({ name: `web-${release}`, release, publish: [80] })
        t.teardown(() => host.remove())
        const there = testProject({
          '.home/.ssh/config': `Host web\n  HostName ${host.address}\n  Port ${host.port}\n  User root\n  IdentityFile ${host.identity}\n`,
        })
        t.teardown(() => there.remove())
        const run = (...args: string[]) => there.run(['-f', example, '--accept-new-host-keys', '--json', ...args])
        const text = async (script: string): Promise<string> => (await host.sh(script)).stdout.trim()
        t.not((await host.sh('command -v python3 || command -v python')).code, 0, 'there is no python to lean on')

        const before = await hostState(host)
        const plan = await run('plan')
        t.equal(plan.code, 0, told(plan))
        t.same(changedFacts(before, await hostState(host)), [], 'a plan changes nothing')
        const up = await run('up', '--yes')
        t.equal(up.code, 0, told(up))
        const ended = ends(up)
        t.same(
          Object.keys(ended).sort(),
          planned(plan)
            .map(({ id }) => id)
            .sort(),
          'what was listed is what was done',
        )
        const summary = up.events().find(({ type }) => type === 'summary') as {
          hosts: { ok: number; changed: number }[]
        }
        const [{ ok, changed } = { ok: 0, changed: 0 }] = summary.hosts
        t.ok(ok + changed >= leastTasks, `${ok} ok and ${changed} changed`)
        t.comment(`${release}: ${planned(plan).length} steps, ${changed} changed, ${ok} ok`)

        await t.test('the machine is as the roles say', async t => {
          t.match(
            await text('curl -s -H "Host: www.example" http://127.0.0.1/'),
            /<h1>The first page<\/h1><p>www\.example on web<\/p>/,
          )
          t.match(await text('curl -s -H "Host: docs.www.example" http://127.0.0.1/'), /Its papers/)
          t.match(await text('curl -sI http://127.0.0.1/'), /X-Frame-Options: DENY/)
          t.notMatch(await text('curl -sI http://127.0.0.1/'), /Server: nginx\//)
          const outside = await fetch(`http://127.0.0.1:${host.ports[80]}/`)
          t.match(await outside.text(), /<p>\S+ on web<\/p>/, 'from outside, through the firewall')
          t.equal(await text('id -Gn ann | tr " " "\\n" | grep -c admins'), '1')
          t.match(await text('cat ~bob/.ssh/authorized_keys'), /^ssh-ed25519 \S+ bob@example$/)
          t.equal(await text('su ann -c "sudo -n id -u"'), '0')
          t.match(await text('sshd -T'), /^passwordauthentication no$/m)
          t.match(await text('ufw status'), /^80\/tcp +ALLOW/m)
          t.equal(await text('sysctl -n net.ipv4.conf.all.accept_redirects'), '0')
          t.equal(await text('systemctl is-active sweep.timer'), 'active')
          t.equal(await text('readlink -f /etc/localtime'), '/usr/share/zoneinfo/Europe/Berlin')
          t.match(await text('crontab -u www-data -l'), /access\.log/)
          t.match(await text('cat /etc/motd'), /^web: Debian GNU\/Linux/)
        })

        const again = await run('up', '--yes')
        t.equal(again.code, 0, told(again))
        t.same(planned(again), [], 'a second run changes nothing')
      }),
    ),
  )
})
