// The one file that comes up on each engine with one word changed, and what holds of it everywhere.
import type { Test } from 'tap'
import { hostEntry, type TestProject } from '../e2e/command.js'
import type { LabHost } from '../lab/index.js'

/** What of the file is asked for otherwise than usual. */
export interface Wish {
  provider?: 'docker' | 'podman' | 'swarm'
  color?: string
  command?: string
  volumes?: string
  managers?: string
  /** Time between two batches of an update. */
  delay?: string
}

/** Where it is tried. */
export interface OneFileSite {
  /** None of them has another engine than the one that is asked for. */
  labs: readonly LabHost[]
  /** A folder with busybox in it, as an image is. */
  root: string
  project: TestProject
}

const environment = { TOKEN: 'a-token-that-nobody-may-see' }

/** The file; between engines only the word after `provider:` differs. */
export const oneFile = (
  { labs, root }: Pick<OneFileSite, 'labs' | 'root'>,
  { provider = 'swarm', color = 'blue', managers = 'all', ...wish }: Wish,
): string => `
project: lsswarm
hosts:
${labs.map(lab => `  ${lab.name}: ${hostEntry(lab)}`).join('\n')}
engine:
  provider: ${provider}
  swarm: { managers: ${managers}, labels: { lab: "yes" } }
secrets: { TOKEN: { env: TOKEN } }
images:
  lsswarm-web: { import: { dir: ${root} } }
containers:
  web:
    image: lsswarm-web
    on: all
    command: ["sh", "-c", "${wish.command ?? 'echo $$COLOR > /tmp/index.html; exec httpd -f -p 8000 -h /tmp'}"]
    environment: { COLOR: ${color} }
    secrets: [TOKEN]
    volumes: ${wish.volumes ?? '[]'}
    ports: [{ target: 8000, published: 8080, mode: host }]
    stop_grace_period: 1s
    deploy:
      replicas: ${Math.min(labs.length, 2)}
      endpoint_mode: dnsrr
      update_config: { parallelism: 1, monitor: 1s, delay: ${wish.delay ?? '0s'}, failure_action: rollback }
`

/** The command, with the secret of the file. */
export const runOneFile = ({ project }: OneFileSite, ...args: string[]) => project.run(args, { env: environment })

/** Writes the file and brings it up. */
export function upOneFile(site: OneFileSite, wish: Wish, ...more: string[]) {
  site.project.write('longshore.yaml', oneFile(site, wish))
  return runOneFile(site, 'up', '--yes', ...more)
}

/** What answers at the published port, of each host where something does. */
export async function answersOf({ labs }: OneFileSite): Promise<string[]> {
  const all = await Promise.all(
    labs.map(({ ip }) =>
      fetch(`http://${ip}:8080/`, { signal: AbortSignal.timeout(2000) }).then(
        async response => (await response.text()).trim(),
        () => '',
      ),
    ),
  )
  return all.filter(text => text !== '')
}

/** The exit code of a plan: 0 where nothing is to be done. */
export const planOneFile = async (site: OneFileSite): Promise<number> =>
  (await runOneFile(site, 'plan', '--exit-code')).code

/** The file's life on one engine, up to a version that is brought back; it stays up. */
export async function liveOneFile(t: Test, site: OneFileSite, provider: NonNullable<Wish['provider']>) {
  const all = (color: string): string[] => Array.from({ length: Math.min(site.labs.length, 2) }, () => color)
  const first = await upOneFile(site, { provider }, '--json')
  t.equal(first.code, 0, first.stdout + first.stderr)
  t.notMatch(first.stdout + first.stderr, /SWMTKN|a-token-that/, 'no token is shown')
  t.same(await answersOf(site), all('blue'))
  t.equal(await planOneFile(site), 0, 'the second time there is nothing to do')
  const exec = await runOneFile(site, 'exec', 'web', '--', 'wc', '-c', '/run/secrets/TOKEN')
  t.match(exec.stdout, /^27 /, 'the container has the secret')
  const changed = await upOneFile(site, { provider, color: 'green' })
  t.equal(changed.code, 0, changed.stdout + changed.stderr)
  t.same(await answersOf(site), all('green'))
  const back = await runOneFile(site, 'rollback', 'web', '--yes')
  t.equal(back.code, 0, back.stdout + back.stderr)
  t.same(await answersOf(site), all('blue'), 'what was before the change')
  const bad = await upOneFile(site, { provider, color: 'red', command: 'echo wrecked >&2; exit 3' })
  t.equal(bad.code, 6, `a version that does not come up is rolled back: ${bad.stdout}${bad.stderr}`)
  t.match(bad.stderr, /wrecked/)
  t.same(await answersOf(site), all('blue'))
}
