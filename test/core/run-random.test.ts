// Random playbooks on shell hosts: the plan is what up does, the end is what a model says, and no interruption loses anything.
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import tap, { type Test, test } from 'tap'
import { UserError } from '../../core/errors.js'
import { emptyModel, type Model, randomFrom } from './run/random-model.js'
import { randomPlay } from './run/random-play.js'
import { type Site, site, type Went } from './run/site.js'

const one = 'project: shop\nhosts: { a: { connection: local } }\nplaybooks: [play.yaml]\n'

const folderOf = (here: Site): string => here.hosts.a?.folder ?? ''

/** What lies in the host's folder, without our own state. */
function found(here: Site): Record<string, string> {
  const folder = folderOf(here)
  const names = readdirSync(folder).filter(name => name !== 'longshore')
  return Object.fromEntries(
    names
      .sort()
      .map(name => [
        name,
        statSync(join(folder, name)).isDirectory() ? '(folder)' : readFileSync(join(folder, name), 'utf8'),
      ]),
  )
}

const thought = ({ files }: Model): Record<string, string> =>
  Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1)))

/** The lines of each file, in whichever order and however often. */
const unordered = (files: Record<string, string>): Record<string, string[]> =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [name, [...new Set(text.split('\n'))].sort()]))

/** What no run may do, whatever the playbook says. Gives what is wrong. */
function wrongIn({ plan, ends, events, errors }: Went): string[] {
  const wrong: string[] = []
  const ids = plan.steps.map(step => step.id)
  if (new Set(ids).size < ids.length) wrong.push('two steps have one id')
  for (const id of ids) if (ends[id] === undefined) wrong.push(`${id} has no end`)
  for (const id of Object.keys(ends)) if (!ids.includes(id)) wrong.push(`${id} was not planned`)
  for (const event of events) {
    if (event.type !== 'step') continue
    if (event.state === 'failed' && event.rescued === undefined) wrong.push(`${event.id} failed: ${event.text}`)
    const step = plan.steps.find(({ id }) => id === event.id)
    if (event.state === 'already' && step?.certainty === 'will' && event.text === undefined)
      wrong.push(`${event.id} was so already, and nobody says why`)
  }
  for (const { message } of errors) if (!/came up during the run/.test(message)) wrong.push(message)
  return wrong
}

/** Names of tasks in ids: "a/p/task12-x (p0) #2" is of task12. */
const tasksIn = (ids: readonly string[]): string[] =>
  [...new Set(ids.map(id => /^a\/p\/(?:handler )?([a-z]+\d*)/.exec(id)?.[1] ?? id))].sort()

const seeds = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index)

/** Several at once: each waits for its shells most of the time. */
async function eachSeed(t: Test, all: readonly number[], trial: (t: Test, seed: number) => Promise<void>) {
  const open = [...all]
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let seed = open.shift(); seed !== undefined; seed = open.shift()) await trial(t, seed)
    }),
  )
}

let made = 0
/** A site in a folder of its own. */
const siteOf = (t: Test, files: Record<string, string>): Promise<Site> => {
  made++
  const folder = `r${made}`
  return site(t, one, files, folder)
}

async function follows(t: Test, seed: number): Promise<void> {
  const play = randomPlay(seed, false)
  const here = await siteOf(t, play.files)
  const model = emptyModel()
  let surprised = false
  for (let round = 1; round <= 6; round++) {
    const before = round === 1 ? await here.look() : undefined
    const went = await here.up()
    const about = `seed ${seed}, round ${round}`
    if (round > 1 && went.listed.length === 0 && !surprised) {
      model.changed.clear()
      play.run(model)
      t.same([...model.changed], [], `${about}: nothing was to be done`)
      t.same(wrongIn(went), [], about)
      return
    }
    if (before) t.same(before.listed, went.listed, `${about}: two plans of one state`)
    t.same(wrongIn(went), [], about)
    surprised ||= went.exit !== 0
    model.changed.clear()
    play.run(model)
    if (surprised && went.listed.length > 0) continue
    const done = tasksIn(Object.keys(went.ends).filter(id => went.ends[id]?.startsWith('done')))
    t.same(
      done.filter(name => !model.changed.has(name) && !name.startsWith('include')),
      [],
      `${about}: done, and not to be done`,
    )
    t.same(
      surprised ? unordered(found(here)) : found(here),
      surprised ? unordered(thought(model)) : thought(model),
      `${about}: the end`,
    )
    if (surprised) return
  }
  t.fail(`seed ${seed} never comes to rest`)
}

async function interrupted(t: Test, seed: number): Promise<void> {
  const play = randomPlay(seed, true)
  const here = await siteOf(t, play.files)
  const host = here.hosts.a
  const random = randomFrom(seed)
  let left = Math.floor(random() * 14)
  const count = (): boolean => left-- === 0
  if (host) host[random() < 0.5 ? 'lostAt' : 'lostAfter'] = count
  // A loss while the lock is taken ends the run at once.
  await here.up().catch((error: unknown) => t.match(error, UserError))
  host?.back()
  rmSync(join(folderOf(here), 'longshore', 'shop', 'lock'), { recursive: true, force: true })
  const model = emptyModel()
  for (let round = 1; round <= 6; round++) {
    const went = await here.up()
    t.same(wrongIn(went), [], `seed ${seed}, round ${round} after the loss`)
    model.changed.clear()
    play.run(model)
    if (went.listed.length > 0 || went.exit !== 0) continue
    t.same(unordered(found(here)), unordered(thought(model)), `seed ${seed}: the end after a loss`)
    return
  }
  t.fail(`seed ${seed} never comes to rest`)
}

tap.setTimeout(600_000)

/** How many of each; more than these find more, by `RANDOM_PLAYS=500`, and other ones by `RANDOM_FROM=20000`. */
const { RANDOM_PLAYS = '40', RANDOM_FROM = '1' } = process.env
const all = seeds(Number(RANDOM_FROM), Number(RANDOM_PLAYS))

test('the plan is what up does, and the end is what the model says', async t => {
  t.setTimeout(600_000)
  await eachSeed(t, all, follows)
})

test('a connection that is lost at any exec, before or after it, loses nothing', async t => {
  t.setTimeout(600_000)
  await eachSeed(t, all, interrupted)
})
