// A project on shell hosts with paper engines: looked at and run by the real planner and runner.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { localFiles } from '../../../cli/files.js'
import { keepLocally } from '../../../cli/kept/keep-locally.js'
import { loadProject, parseSelector, resolveSecrets, selectHosts } from '../../../core/config/index.js'
import type { UserError } from '../../../core/errors.js'
import type { Event } from '../../../core/events.js'
import { observeDown } from '../../../core/run/down.js'
import { observe } from '../../../core/run/observe.js'
import { type RunResult, runPlan } from '../../../core/run/run.js'
import type { RunPlan, SessionContext } from '../../../core/run/session.js'
import { createMasker } from '../../../core/secret.js'
import { resources } from '../../../resources/index.js'
import { type Paper, paper, paperProvider } from './paper-engine.js'
import { type ShellHost, shellHost } from './shell-host.js'

/** How a run went. */
export interface Went {
  plan: RunPlan
  /** "verb id: cause" of each listed step. */
  listed: string[]
  /** How each step ended, by id; "already: by x" where there is a text. */
  ends: Record<string, string>
  errors: UserError[]
  exit: number
  events: Event[]
}

export interface Site {
  hosts: Record<string, ShellHost>
  papers: Record<string, Paper>
  /** Plans and runs. */
  up(more?: Partial<SessionContext> & { on?: string }): Promise<Went>
  /** Only plans. */
  look(more?: Partial<SessionContext> & { on?: string }): Promise<Went>
  down(more?: Partial<SessionContext>): Promise<Went>
}

/** Reads the project and makes its hosts; each has a variable `folder`, a folder of its own. `inside`: a folder, where one test has several. */
export async function site(t: Test, yaml: string, files: Record<string, string> = {}, inside = ''): Promise<Site> {
  const folder = inside === '' ? t.testdir({ ...files, 'longshore.yaml': yaml }) : join(t.testdirName, inside)
  if (inside !== '') {
    mkdirSync(folder, { recursive: true })
    for (const [name, text] of Object.entries({ ...files, 'longshore.yaml': yaml }))
      writeFileSync(join(folder, name), text)
  }
  const masker = createMasker()
  const project = await loadProject(join(folder, 'longshore.yaml'), {
    files: localFiles,
    environment: {},
    home: folder,
    masker,
    vars: {},
    resourceKinds: resources,
    runCommand: async () => ({ code: 127, stdout: '', stderr: '' }),
  })
  await resolveSecrets(project)
  const hosts = Object.fromEntries(project.hosts.map(({ name }) => [name, shellHost(t, name)]))
  for (const host of project.hosts) host.vars = { ...host.vars, folder: hosts[host.name]?.folder }
  const papers = Object.fromEntries(project.hosts.map(({ name }) => [name, paper()]))
  const contextFor = (events: Event[], { on, ...more }: Partial<SessionContext> & { on?: string }): SessionContext => ({
    project,
    hosts:
      on === undefined ? project.hosts : selectHosts(parseSelector(on, { file: '--on', line: 1, column: 1 }), project),
    extent: 'all',
    connect: async ({ name }) => hosts[name] as ShellHost,
    providers: [paperProvider(papers)],
    resources,
    builtIn: async () => [],
    files: localFiles,
    keep: keepLocally,
    masker,
    emit: event => events.push(event),
    signal: new AbortController().signal,
    forks: 10,
    prune: false,
    tags: [],
    vars: {},
    ...more,
  })
  const went = async (context: SessionContext, events: Event[], plan: RunPlan, run: boolean): Promise<Went> => {
    const result: RunResult = run
      ? await runPlan(context, plan, { text: 'me', reason: 'test', isGone: () => false })
      : { exit: 0, errors: plan.works.flatMap(work => work.problem ?? []), hosts: [] }
    const ends = events.flatMap(event =>
      event.type === 'step' && event.state !== 'start'
        ? [[event.id, event.text === undefined ? event.state : `${event.state}: ${event.text}`] as const]
        : [],
    )
    return {
      plan,
      listed: plan.steps.map(({ verb, id, cause }) => `${verb} ${id}: ${cause}`),
      ends: Object.fromEntries(ends),
      errors: result.errors,
      exit: result.exit,
      events,
    }
  }
  const look = async (more: Partial<SessionContext> & { on?: string }, run: boolean): Promise<Went> => {
    const events: Event[] = []
    const context = contextFor(events, more)
    return went(context, events, await observe(context, []), run)
  }
  return {
    hosts,
    papers,
    up: (more = {}) => look(more, true),
    look: (more = {}) => look(more, false),
    async down(more = {}) {
      const events: Event[] = []
      const context = contextFor(events, { extent: 'hosts', ...more })
      const plan = await observeDown(context, [], { volumes: false, images: false })
      return went(context, events, plan, true)
    },
  }
}
