// From argv to a command and what it was given; the only file that knows the command-line library.
import { Command as Commander, CommanderError, Option } from 'commander'
import { exitCodes, usageError } from '../core/errors.js'
import type { AnyCommand, AnyGiven, ArgumentSpec, CommandEntry, OptionSpec } from './command.js'
import { type GlobalOptions, globalSpecs, type RawOptions, readGlobalOptions } from './options.js'

/** What the command line asks for. `told`: help or version has been printed, there is only an exit code left. */
export type Asked =
  | { kind: 'run'; command: AnyCommand; given: AnyGiven; options: GlobalOptions }
  | { kind: 'told'; exit: number }

export interface ArgvContext {
  entries: readonly CommandEntry[]
  version: string
  out(text: string): void
  err(text: string): void
  /** Columns for the help. */
  columns: number
}

const collect = (value: string, earlier: string[] | undefined): string[] => [...(earlier ?? []), value]

const shape = (name: string, need: ArgumentSpec['need']): string => {
  const shown = name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
  return { one: `<${shown}>`, maybe: `[${shown}]`, some: `<${shown}...>`, many: `[${shown}...]` }[need]
}

function optionOf(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.text)
  return spec.kind === 'list' ? option.argParser(collect) : option
}

/** The global options for a command: not in its own help, and without a short form that it uses itself. */
function addGlobals(to: Commander, hidden: boolean): void {
  const taken = new Set(to.options.map(option => option.short))
  for (const spec of globalSpecs) {
    const [short, long] = spec.flags.split(', ')
    const flags = long !== undefined && taken.has(short) ? long : spec.flags
    const option = new Option(flags, spec.text)
    if ('list' in spec) option.argParser(collect)
    to.addOption(hidden ? option.hideHelp() : option)
  }
}

/** Declares what only the command's own file knows. */
function declare(sub: Commander, command: AnyCommand): void {
  for (const [name, spec] of Object.entries(command.arguments)) sub.argument(shape(name, spec.need), spec.text)
  for (const spec of Object.values(command.options)) sub.addOption(optionOf(spec))
  addGlobals(sub, true)
}

/** What was given, by the keys of the command's own definition. */
function givenOf(sub: Commander, command: AnyCommand): AnyGiven {
  const given: AnyGiven = {}
  Object.entries(command.arguments).forEach(([name, { need }], index) => {
    const value: unknown = sub.processedArgs[index]
    if (Array.isArray(value)) given[name] = value.map(String)
    else given[name] = need === 'some' || need === 'many' ? [] : value === undefined ? undefined : String(value)
  })
  const values: RawOptions = sub.opts()
  for (const [name, spec] of Object.entries(command.options)) {
    const option = new Option(spec.flags)
    const value = values[option.attributeName()]
    // `--no-prefix` sets `prefix` to false, which is true without it.
    if (spec.kind === 'flag') given[name] = value === !option.negate
    else if (spec.kind === 'list') given[name] = Array.isArray(value) ? value.map(String) : []
    else given[name] = typeof value === 'string' ? value : undefined
  }
  return given
}

/** The library's words as an error of ours. */
function usageErrorOf({ message, code }: CommanderError): Error {
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n')
  const guess = /Did you mean (.*)\?/.exec(rest.join(' '))?.[1]
  const hint = guess
    ? `did you mean ${guess}?`
    : code === 'commander.excessArguments' || code === 'commander.unknownOption'
      ? 'a command for a host or a container comes after `--`; `longshore COMMAND --help` tells what there is'
      : '`longshore --help` tells what there is'
  return usageError(first, { hint })
}

function createProgram(context: ArgvContext, taken: (asked: Asked) => void): Commander {
  const program = new Commander('longshore')
    .description('Bare Linux hosts to running, linked containers, from one file.')
    .version(context.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'tell about the command')
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, helpWidth: context.columns })
    .configureOutput({
      writeOut: context.out,
      writeErr: context.err,
      getOutHelpWidth: () => context.columns,
      getErrHelpWidth: () => context.columns,
      outputError: () => {},
    })
  addGlobals(program, false)
  const loaded = new Map<string, AnyCommand>()
  for (const entry of context.entries) {
    const sub = program.command(entry.name).summary(entry.summary).description(`${entry.summary}.`)
    sub.helpGroup(`${entry.group}:`).allowExcessArguments(false)
    sub.action(() => {
      const command = loaded.get(entry.name)
      if (!command) throw new Error(`the command ${entry.name} was not loaded`)
      const options = readGlobalOptions(program.opts(), sub.opts())
      taken({ kind: 'run', command, given: givenOf(sub, command), options })
    })
  }
  // Only the command that was named is loaded, before its own options are read.
  program.hook('preSubcommand', async (_program, sub) => {
    const command = await context.entries.find(entry => entry.name === sub.name())?.load()
    if (!command) return
    loaded.set(sub.name(), command)
    declare(sub, command)
  })
  return program
}

/** Reads the command line (without node and script). Prints help and version itself; everything wrong is a usage error. */
export async function readArgv(argv: readonly string[], context: ArgvContext): Promise<Asked> {
  const result: { asked?: Asked } = {}
  const program = createProgram(context, asked => {
    result.asked = asked
  })
  const words = argv[0] === 'help' ? [...argv.slice(1, 2), '--help'] : [...argv]
  try {
    await program.parseAsync(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version')
      return { kind: 'told', exit: exitCodes.done }
    // Nothing but `longshore`: the help has been printed on stderr.
    if (error.code === 'commander.help') return { kind: 'told', exit: exitCodes.usage }
    throw usageErrorOf(error)
  }
  return result.asked ?? { kind: 'told', exit: exitCodes.usage }
}
