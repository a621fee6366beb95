// Compose files as they are: what we make of them and what Compose 2.26 makes agrees in `docker inspect`.
import { dirname, join } from 'node:path'
import tap, { test } from 'tap'
import { packageRoot } from '../../cli/package-root.js'
import { busyboxTarball, docker, labHost } from '../lab/index.js'
import type { ComposeCase } from './compose/case.js'
import { differences, type Inspected } from './compose/differences.js'
import { relationCases } from './compose/relations.js'
import { serviceCases } from './compose/services.js'
import { stackCases } from './compose/stacks.js'

tap.setTimeout(900_000)

// Both run on the host itself: a relative path then means the same folder to both.
const mounts = [`${process.execPath}:/usr/local/bin/node:ro`, `${packageRoot}:/longshore:ro`]
const host = await labHost({ name: 'compose', release: 'trixie', engine: true, mounts })
await docker(['cp', await busyboxTarball(), `${host.container}:/root/box.tar`])
await host.sh(
  `docker import /root/box.tar box:1 && export DEBIAN_FRONTEND=noninteractive && apt-get update -qq &&
   apt-get install -y -qq --no-install-recommends docker-compose && node --version`,
  { check: true },
)

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const kinds = ['container', 'network', 'volume'] as const
type Kind = (typeof kinds)[number]

/** How the things of a project are listed, and what they are called in `inspect`. */
const listing: Record<Kind, string> = { container: 'ps -aq', network: 'network ls -q', volume: 'volume ls -q' }

/** Things of one kind by their name; unnamed volumes are told by the containers that hold them. */
async function inspectAll(kind: Kind, label: string): Promise<Map<string, Inspected>> {
  const list = `docker ${listing[kind]} --filter label=${label}=cmp | sort -u`
  const found = await host.sh(`${list} | xargs -r docker ${kind} inspect`, { check: true })
  const all = JSON.parse(found.stdout.trim() || '[]') as (Inspected & { Name: string })[]
  const named = all.filter(({ Name }) => !/^[0-9a-f]{64}$/.test(Name))
  return new Map(named.map(each => [each.Name.replace(/^\//, ''), each]))
}

const inspectEach = async (label: string): Promise<Map<string, Inspected>[]> =>
  Promise.all(kinds.map(kind => inspectAll(kind, label)))

const clean = (label: string): Promise<unknown> =>
  host.sh(`docker ps -aq --filter label=${label}=cmp | xargs -r docker rm -fv
    docker network ls -q --filter label=${label}=cmp | xargs -r docker network rm
    docker volume ls -q --filter label=${label}=cmp | xargs -r docker volume rm`)

/** What stands in the files that are put into containers, with mode and owner. */
const looked = async (look: string | undefined): Promise<string> =>
  look === undefined ? '' : (await host.sh(look)).stdout

async function lay({ files, use = ['compose.yaml'], profiles = [] }: ComposeCase): Promise<void> {
  const entry = JSON.stringify({ file: use, profiles })
  const all = { ...files, 'longshore.yaml': `project: cmp\ncompose: [${entry}]\n` }
  const writes = Object.entries(all).map(([path, text]) => {
    const target = join('/cmp', path)
    return `mkdir -p ${quoted(dirname(target))}; printf %s ${quoted(text)} >${quoted(target)}`
  })
  await host.sh(`rm -rf /cmp; mkdir /cmp; ${writes.join('\n')}`, { check: true })
}

for (const each of [...serviceCases, ...relationCases, ...stackCases])
  test(each.name, async t => {
    const { use = ['compose.yaml'], profiles = [], before = 'true', after, look, environment = {} } = each
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${quoted(value)}`)
    const inFolder = (command: string): Promise<{ code: number; stdout: string; stderr: string }> =>
      host.sh(`cd /cmp && env ${variables.join(' ')} ${command}`)
    const longshore = '/usr/local/bin/node /longshore/cli/longshore.cjs'
    try {
      await lay(each)
      await host.sh(before)
      const up = await inFolder(`${longshore} up --yes`)
      t.equal(up.code, 0, up.stderr)
      const ours = await inspectEach('longshore.project')
      const seen = await looked(look)
      const again = await inFolder(`${longshore} plan --exit-code`)
      t.equal(again.code, 0, `twice is nothing: ${again.stdout}${again.stderr}`)
      await clean('longshore.project')

      await host.sh(before)
      const options = [...use.map(file => `-f ${file}`), ...profiles.map(profile => `--profile ${profile}`)]
      const made = await inFolder(`docker-compose -p cmp ${options.join(' ')} up -d`)
      t.equal(made.code, 0, made.stderr)
      const theirs = await inspectEach('com.docker.compose.project')
      t.equal(seen, await looked(look), 'the same files')
      t.equal(seen === '', look === undefined)
      for (const [index, kind] of kinds.entries()) {
        const [mine, other] = [ours[index], theirs[index]]
        t.same([...(mine?.keys() ?? [])].sort(), [...(other?.keys() ?? [])].sort(), `the same ${kind}s`)
        for (const [name, inspected] of mine ?? []) {
          const against = other?.get(name)
          if (against !== undefined) t.same(differences(inspected, against), [], `${kind} ${name}`)
        }
      }
    } finally {
      await clean('longshore.project')
      await clean('com.docker.compose.project')
      if (after !== undefined) await host.sh(after)
    }
  })

test('the files are many enough', t => {
  t.ok(serviceCases.length + relationCases.length + stackCases.length >= 25)
  t.end()
})

tap.teardown(() => host.remove())
