// Compose files as they are: the containers that we make of them and those that Compose 2.26 makes agree in `docker inspect`.
import { join } from 'node:path'
import tap, { test } from 'tap'
import { hostEntry, testProject } from '../e2e/command.js'
import { busyboxTarball, docker, labHost } from '../lab/index.js'
import { differences, type Inspected } from './compose/differences.js'
import { relationCases } from './compose/relations.js'
import { serviceCases } from './compose/services.js'

tap.setTimeout(600_000)

const host = await labHost({ name: 'compose', release: 'trixie', engine: true })
await docker(['cp', await busyboxTarball(), `${host.container}:/root/box.tar`])
await host.sh(
  `docker import /root/box.tar box:1 && export DEBIAN_FRONTEND=noninteractive && apt-get update -qq &&
   apt-get install -y -qq --no-install-recommends docker-compose && mkdir -p /cmp`,
  { check: true },
)

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** The containers of a project by their name, and how each is inspected. */
const inspectAll = async (label: string): Promise<Map<string, Inspected>> => {
  const found = await host.sh(`docker ps -aq --filter label=${label}=cmp | xargs -r docker inspect`, { check: true })
  const all = JSON.parse(found.stdout.trim() || '[]') as (Inspected & { Name: string })[]
  return new Map(all.map(each => [each.Name.slice(1), each]))
}

const clean = (label: string): Promise<unknown> =>
  host.sh(`docker ps -aq --filter label=${label}=cmp | xargs -r docker rm -fv
    docker network ls -q --filter label=${label}=cmp | xargs -r docker network rm
    docker volume ls -q --filter label=${label}=cmp | xargs -r docker volume rm`)

/** What stands in the files that are put into containers, with mode and owner. */
const looked = async (look: string | undefined): Promise<string> =>
  look === undefined ? '' : (await host.sh(look)).stdout

for (const { name, files, use = ['compose.yaml'], profiles = [], before, after, look } of [
  ...serviceCases,
  ...relationCases,
])
  test(name, async t => {
    const entry = JSON.stringify({ file: use.map(file => `files/${file}`), profiles })
    const project = testProject({
      'longshore.yaml': `project: cmp\nhosts: { box: ${hostEntry(host)} }\ncompose: [${entry}]\n`,
      ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`files/${path}`, text])),
    })
    try {
      if (before !== undefined) await host.sh(before, { check: true })
      const up = await project.run(['up', '--yes'])
      t.equal(up.code, 0, up.stderr)
      const ours = await inspectAll('longshore.project')
      const seen = await looked(look)
      const again = await project.run(['plan', '--exit-code'])
      t.equal(again.code, 0, `twice is nothing: ${again.stdout}`)
      await clean('longshore.project')

      const writes = Object.entries(files).map(
        ([path, text]) =>
          `mkdir -p "$(dirname ${join('/cmp', path)})"; printf %s ${quoted(text)} >${join('/cmp', path)}`,
      )
      const options = [...use.map(file => `-f ${file}`), ...profiles.map(profile => `--profile ${profile}`)]
      await host.sh(`rm -rf /cmp; mkdir /cmp; cd /cmp; ${writes.join('\n')}`, { check: true })
      const made = await host.sh(`cd /cmp && docker-compose -p cmp ${options.join(' ')} up -d`)
      t.equal(made.code, 0, made.stderr)
      const theirs = await inspectAll('com.docker.compose.project')
      t.same([...ours.keys()].sort(), [...theirs.keys()].sort(), 'the same containers')
      t.equal(seen, await looked(look), 'the same files')
      t.equal(seen === '', look === undefined)
      for (const [container, inspected] of ours) {
        const other = theirs.get(container)
        if (other !== undefined) t.same(differences(inspected, other), [], container)
      }
    } finally {
      await clean('longshore.project')
      await clean('com.docker.compose.project')
      if (after !== undefined) await host.sh(after)
      project.remove()
    }
  })

tap.teardown(() => host.remove())
