// What every provider must do, as checks in the order in which they are made: each builds upon the ones before.
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../../core/errors.js'
import { allDone, find, get, isOf, must, need, printed, run, Skipped, told, until } from './ask.js'
import { shop } from './shop.js'
import type { Site } from './site.js'

/** One check. It throws what does not hold. */
export interface Check {
  readonly name: string
  run(site: Site): Promise<void>
}

/** Values that may stand nowhere; long enough to be in nothing by chance. */
const secrets = { first: 'conformance-9f2b61c7', second: 'conformance-e80d44aa' }

const hides = (data: unknown, where: string): void => {
  const text = JSON.stringify(data)
  for (const value of Object.values(secrets)) must(!text.includes(value), `${where} shows the value of a secret`)
}

const usual = (site: Site) => shop(site, { secret: secrets.first })

export const checks: readonly Check[] = [
  {
    name: 'says which engine it speaks to',
    async run({ engine }) {
      must(typeof engine.about === 'string' && engine.about !== '', '`about` is empty')
    },
  },
  {
    name: 'plans a project with its causes, without doing anything',
    async run(site) {
      const { steps } = await site.plan(usual(site))
      const isPlanned = (holds: (thing: string) => boolean): boolean => steps.some(({ thing }) => holds(thing))
      must(
        ['network', 'volume'].every(kind => isPlanned(thing => thing.startsWith(kind))) &&
          ['web', 'front'].every(service => isPlanned(thing => isOf(site, thing, service))),
        `a network, a volume and containers are wanted, and planned is: ${told({ steps }).join(', ')}`,
      )
      const ids = steps.map(({ id }) => id)
      must(new Set(ids).size === ids.length, 'two steps have one id')
      must(
        steps.every(({ cause }) => cause !== ''),
        'a step has no cause',
      )
      const ahead = steps.some(({ after }) => after.some(id => !ids.includes(id)))
      must(!ahead, 'a step waits for one that is not in the plan')
      hides(
        steps.map(({ work: _work, ...step }) => step),
        'the plan',
      )
      must((await find(site, 'web')) === undefined, 'a plan has made a container')
    },
  },
  {
    name: 'plans the same for the same',
    async run(site) {
      const [one, other] = [await site.plan(usual(site)), await site.plan(usual(site))]
      must(JSON.stringify(told(one)) === JSON.stringify(told(other)), 'two plans differ')
    },
  },
  {
    name: 'brings it up',
    async run(site) {
      allDone(await site.up(usual(site)))
      for (const service of ['web', 'front']) {
        const { state, name } = await need(site, service)
        must(state === 'running', `${name} is ${state}`)
      }
    },
  },
  {
    name: 'does nothing the second time',
    async run(site) {
      const { steps, unchanged } = await site.plan(usual(site))
      must(steps.length === 0, `it would ${told({ steps }).join(', ')}: ${steps[0]?.cause}`)
      must(unchanged > 0, 'nothing is counted as unchanged')
    },
  },
  {
    name: 'leads by a link',
    run: site =>
      until(async () => (await printed(site, 'front')).includes('colour red'), 'front hears nothing from its link'),
  },
  {
    name: 'publishes a port',
    run: site =>
      until(async () => (await get(site))?.includes('colour red') === true, `port ${site.port} does not answer`),
  },
  {
    name: 'runs a command in a container, with its exit code',
    async run(site) {
      const { code, out } = await run(site, 'web', ['sh', '-c', 'echo "$TOKEN"; exit 7'])
      must(code === 7, `the exit code 7 comes as ${code}`)
      must(out === secrets.first, 'the container does not have the value of its secret')
    },
  },
  {
    name: 'shows no secret',
    async run(site) {
      hides(site.events, 'an event')
      hides(await site.list(site.project), 'list')
      const web = await need(site, 'web')
      if (site.provider.inspect) hides(await site.provider.inspect(site.engineOf(web), web.id), 'inspect')
    },
  },
  {
    name: 'replaces a container whose settings or secrets change, and no other',
    async run(site) {
      const before = [await need(site, 'web'), await need(site, 'front')]
      const ran = await site.up(shop(site, { colour: 'blue', secret: secrets.second }))
      allDone(ran)
      const step = ran.steps.find(({ thing }) => isOf(site, thing, 'web'))
      must(step, 'the change is not planned')
      must(step.cause.includes('COLOUR'), `the cause does not name what changed: ${step.cause}`)
      hides(
        ran.steps.map(({ work: _work, ...shown }) => shown),
        'the plan',
      )
      const after = [await need(site, 'web'), await need(site, 'front')]
      must(after[0]?.id !== before[0]?.id, 'web is still the container that it was')
      must(after[1]?.state === 'running', 'front does not run any more')
      await until(async () => (await get(site))?.includes('colour blue') === true, 'the port answers with the old one')
    },
  },
  {
    name: 'keeps what is in a volume',
    async run(site) {
      const { out } = await run(site, 'web', ['sh', '-c', 'wc -l </data/starts'])
      must(Number(out) >= 2, `of two starts ${out} stand in the volume`)
    },
  },
  {
    name: 'puts the old one back where the new one does not get healthy',
    async run(site) {
      const ran = await site.up(shop(site, { colour: 'green', secret: secrets.second, health: 'false' }))
      const [error] = ran.failures.values()
      must(error !== undefined, 'a container that never gets healthy counts as good')
      must(error instanceof UserError, `what is thrown is no error for people: ${String(error)}`)
      await until(async () => (await get(site))?.includes('colour blue') === true, 'the old one does not answer again')
      const { steps } = await site.plan(shop(site, { colour: 'blue', secret: secrets.second }))
      must(steps.length === 0, `what was good is not as it was: ${told({ steps }).join(', ')}`)
    },
  },
  {
    name: 'can be interrupted, and goes on from there',
    async run(site) {
      const stop = new AbortController()
      const better = shop(site, { colour: 'white', secret: secrets.second, health: 'sleep 2' })
      const running = site.up(better, { signal: stop.signal })
      await sleep(900)
      stop.abort(new UserError('interrupted'))
      const late = sleep(30_000, 'late', { ref: false })
      must((await Promise.race([running.catch(() => 'ended'), late])) !== 'late', 'it does not end within 30 s')
      allDone(await site.up(better))
      const { steps } = await site.plan(better)
      must(steps.length === 0, `the third time it would ${told({ steps }).join(', ')}`)
      const names = async () => (await site.list(site.project)).map(({ name }) => name)
      // A swarm goes on by itself with what it was told.
      if (site.node !== undefined)
        await until(async () => (await names()).length === 2, 'containers are left or missing')
      const left = await names()
      must(left.length === 2, `it has left something behind: ${left.join(', ')}`)
    },
  },
  {
    name: 'restarts a container that ends',
    async run(site) {
      const more = { brief: 'echo begin; sleep 5; exit 3' }
      const part = { colour: 'white', secret: secrets.second, health: 'sleep 2', more }
      allDone(await site.up(shop(site, part)))
      if (site.provider.logs === undefined) throw new Skipped('it has no `logs`')
      const { id: first } = await need(site, 'brief')
      const isBegunAgain = async (): Promise<boolean> => {
        // Engines that are one put another container in its place.
        const { id, state } = await need(site, 'brief')
        if (site.node !== undefined) return state === 'running' && id !== first
        return (await printed(site, 'brief')).filter(line => line === 'begin').length >= 2
      }
      await until(isBegunAgain, 'it did not start again', 25)
    },
  },
  {
    name: 'names what is no longer declared, and removes it only when asked',
    async run(site) {
      const less = shop(site, { colour: 'white', secret: secrets.second, health: 'sleep 2', without: ['front'] })
      const kept = await site.up(less)
      must(
        kept.orphans.some(thing => thing.includes('front')),
        'the orphan is not named',
      )
      must(kept.steps.length === 0, `without being asked it would ${told(kept).join(', ')}`)
      allDone(await site.up(less, { prune: true }))
      must((await find(site, 'front')) === undefined, 'it is still there')
      must((await find(site, 'web')) !== undefined, 'it has taken what is wanted, too')
    },
  },
  {
    name: 'leaves other projects alone',
    async run(site) {
      const other = `${site.project}other`
      must((await site.list(other)).length === 0, 'list tells of another project')
      const { steps } = await site.down(other, { volumes: true })
      must(steps.length === 0, `down of another project would ${told({ steps }).join(', ')}`)
    },
  },
  {
    name: 'takes containers and networks away, and volumes only when asked',
    async run(site) {
      const first = await site.down(site.project, { volumes: false })
      allDone(first)
      must(!told(first).some(line => line.includes('volume ')), 'a volume went without being asked for')
      must((await site.list(site.project)).length === 0, 'containers are left')
      const second = await site.down(site.project, { volumes: true })
      allDone(second)
      must(
        told(second).some(line => line.includes('volume ')),
        'the volume stays where it shall go',
      )
      const { steps } = await site.down(site.project, { volumes: true })
      must(steps.length === 0, `there is still something: ${told({ steps }).join(', ')}`)
    },
  },
]
