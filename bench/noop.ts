// A second `up` that changes nothing, on one and on four hosts, beside a bare ssh that asks the same and an Ansible playbook that does the same.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { labHost } from '../test/lab/index.js'
import { type Contender, cleanEnv, measure, printTable, spawnOnce } from './measure.js'
import { ansiblePlaybook, askTheSame, inventory, longshoreFiles, prepareHost } from './noop-site.js'
import { launcher } from './paths.js'
import { knownHostsText, sshArgs } from './ssh.js'

async function versions(): Promise<string> {
  const ask = async (program: string, args: string[]): Promise<string> => {
    const { stdout, stderr } = await spawnOnce(program, args)
    return (stdout || stderr).split('\n')[0] ?? ''
  }
  const ansible = await ask('ansible-playbook', ['--version'])
  return [`Node ${process.version}`, await ask('ssh', ['-V']), ansible].join(', ')
}

/** Ansible is Debian's own package. */
async function ensureAnsible(): Promise<void> {
  await spawnOnce('sh', [
    '-c',
    'command -v ansible-playbook >/dev/null || { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends ansible openssh-client; }',
  ])
}

async function benchOn(count: number, rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'longshore-bench-'))
  const names = Array.from({ length: count }, (_, index) => `bench${index + 1}`)
  const [ours, theirs] = await Promise.all([
    Promise.all(names.map(name => labHost({ name, engine: true }))),
    Promise.all(names.map(name => labHost({ name: `${name}-ansible`, engine: true, python: true }))),
  ])
  try {
    await Promise.all([...ours, ...theirs].map(prepareHost))
    const knownHosts = join(folder, 'known_hosts')
    writeFileSync(knownHosts, knownHostsText([...ours, ...theirs]))
    for (const [name, text] of Object.entries({
      ...longshoreFiles(ours),
      'playbook.yaml': ansiblePlaybook,
      inventory: inventory(theirs, knownHosts),
    }))
      writeFileSync(join(folder, name), text)
    const longshore = (args: string[]) => spawnOnce(process.execPath, [launcher, ...args], { cwd: folder })
    const ansible = () =>
      spawnOnce('ansible-playbook', ['-i', 'inventory', 'playbook.yaml'], {
        cwd: folder,
        env: { ...cleanEnv(), ANSIBLE_FORKS: '50', ANSIBLE_PIPELINING: 'True', ANSIBLE_LOCALHOST_WARNING: 'False' },
      })
    await Promise.all([longshore(['up', '--yes']), ansible()])
    const again = await longshore(['plan', '--exit-code', '-v'])
    console.log(
      again.stderr
        .split('\n')
        .filter(line => line.includes('exec'))
        .join('\n'),
    )
    const secondAnsible = await ansible()
    if (!/changed=0/.test(secondAnsible.stdout))
      throw new Error(`ansible changes something each time:\n${secondAnsible.stdout}`)
    const contenders: Contender[] = [
      {
        name: 'ssh host sh -s (asks the same)',
        run: async () =>
          void (await Promise.all(
            ours.map(host => spawnOnce('ssh', sshArgs(host, knownHosts, 'sh -s'), { input: askTheSame })),
          )),
      },
      { name: 'longshore up', run: async () => void (await longshore(['up', '--yes'])) },
      { name: 'ansible-playbook', run: async () => void (await ansible()) },
    ]
    const results = await measure(contenders, rounds)
    printTable(
      `second run, ${count} host${count === 1 ? '' : 's'}, ${rounds} rounds, ${await versions()}`,
      results,
      contenders[0]?.name ?? '',
    )
    const [, us, peer] = results
    if (us && peer)
      console.log(`ansible-playbook takes ${(peer.median / us.median).toFixed(1)} times as long as longshore up`)
  } finally {
    await Promise.all([...ours, ...theirs].map(host => host.remove()))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Prints the tables for one and for four hosts. Goals: at most 1.5 of ssh, at least 30 times faster than Ansible. */
export async function benchNoop(rounds = 7): Promise<void> {
  await ensureAnsible()
  for (const count of [1, 4]) await benchOn(count, rounds)
}
