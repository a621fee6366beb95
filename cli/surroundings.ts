// Makes the context of a command from the process' surroundings; everything that costs time is made on first use.
import type { Event } from '../core/events.js'
import type { Host } from '../core/project.js'
import { createMasker } from '../core/secret.js'
import type { CommandContext } from './context.js'
import { localFiles } from './files.js'
import { findProjectFile } from './find-file.js'
import type { GlobalOptions } from './options.js'
import { askYesNo } from './prompt.js'
import { errorData, errorText } from './report/error.js'
import { checkReport, createReport, styleFor } from './report/index.js'
import { type Report, safeData } from './report/report.js'
import { defaultSettings, readSettings, settingsFolder } from './settings.js'
import type { Io } from './streams.js'
import { readProject, wireConnect } from './wiring.js'

export interface Surroundings {
  options: GlobalOptions
  io: Io
  env: Readonly<Record<string, string | undefined>>
  home: string
  cwd: string
  signal: AbortSignal
  stdoutClosed: AbortSignal
}

/** A context, and how to end it. */
export interface OpenContext {
  context: CommandContext
  /** Ends the report, if there is one; the terminal is restored when the call returns. */
  end(): Promise<void>
}

/** Does something once, when it is first asked for; a failure is kept, too. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** Makes a command's context. A usage error when the options do not fit the surroundings. */
export function openContext(surroundings: Surroundings): OpenContext {
  const { options, io, env, home, cwd, signal } = surroundings
  checkReport(surroundings)
  const masker = createMasker()
  const settings = once(() => readSettings(settingsFolder(env, home)))
  const resources = once(async () => (await import('../resources/index.js')).resources)
  const projectFile = once(() => findProjectFile(options.file, cwd))

  let running: Report | undefined
  let waiting: Event[] = []
  const report = once(async () => {
    running = await createReport({ options, settings: await settings(), env, io, masker })
    for (const event of waiting) running.emit(event)
    waiting = []
    return running
  })
  const emit = (event: Event): void => {
    if (running) return running.emit(event)
    waiting.push(event)
    // A report that cannot be made is told of where the command asks for it.
    report().catch(() => {})
  }
  const aside = <T>(work: () => T): T => (running?.aside ? running.aside(work) : work())

  const project = once(async () => {
    const read = await readProject(await projectFile(), {
      files: localFiles,
      env,
      home,
      vars: options.vars,
      masker,
      resources: await resources(),
    })
    if (read.hosts.some(host => host.machine)) await (await import('./machines/place.js')).placeMachines(read)
    return read
  })
  const providers = once(async () => {
    const { providers: builtIn } = await import('../providers/index.js')
    const { withPlugins } = await import('./plugins/of-project.js')
    return withPlugins(builtIn, await project())
  })
  const projectWithSecrets = once(async () => {
    const { resolveSecrets } = await import('../core/config/index.js')
    const read = await project()
    await resolveSecrets(read)
    return read
  })
  const connect = once(async () =>
    wireConnect(await projectWithSecrets(), {
      env,
      home,
      acceptNewHostKeys: options.acceptNewHostKeys,
      emit,
      io,
      signal,
      providers,
      aside,
    }),
  )
  const failed = async (): Promise<string[]> => {
    const { readRetry, retryFile } = await import('./kept/retry.js')
    return readRetry(retryFile(await projectFile(), env, home))
  }
  const hosts = once(async (): Promise<Host[]> => {
    const { chooseHosts } = await import('./choose-hosts.js')
    return chooseHosts(options.on, '--on', await project(), options.on?.includes('@retry') ? await failed() : undefined)
  })

  const told = new Set<string>()
  const context: CommandContext = {
    ...surroundings,
    masker,
    files: localFiles,
    projectFile,
    project,
    projectWithSecrets,
    hosts,
    settings,
    forks: async () => options.forks ?? (await settings()).forks,
    resources,
    providers,
    connect,
    report,
    emit,
    print: text => aside(() => io.stdout.write(`${masker.mask(text)}\n`)),
    printJson: data =>
      aside(() =>
        io.stdout.write(`${JSON.stringify(safeData({ time: new Date().toISOString(), ...data }, masker))}\n`),
      ),
    style: async () => styleFor(io.stdout, { options, settings: await settings(), env }),
    async tell(error) {
      const readable = async () => settings().catch(() => defaultSettings)
      const text = masker.mask(await errorText(error, { options, io, env, cwd, settings: readable }))
      // Several hosts may have stumbled over one place of the files: people are told once.
      if (!told.has(text)) aside(() => io.stderr.write(`${text}\n`))
      told.add(text)
      if (options.json) for (const data of errorData(error)) context.printJson(data)
    },
    confirm: async question =>
      options.yes || aside(() => askYesNo(io, { text: masker.mask(question), flag: '--yes', signal })),
  }
  return {
    context,
    async end() {
      if (!running && waiting.length > 0) await report().catch(() => {})
      await running?.end()
    },
  }
}
