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

/** The global options, for a command without the short forms that it uses itself. */
function addGlobals(to: Commander, heading: string): void {
  const taken = new Set(to.options.map(option => option.short))
  for (const spec of globalSpecs) {
    const [short, long] = spec.flags.split(', ')
    const flags = long !== undefined && taken.has(short) ? long : spec.flags
    const option = new Option(flags, spec.text)
    if ('list' in spec) option.argParser(collect)
    to.addOption(option.helpGroup(heading))
  }
}

/** Declares what only the command's own file knows. */
function declare(sub: Commander, command: AnyCommand): void {
  for (const [name, spec] of Object.entries(command.arguments)) sub.argument(shape(name, spec.need), spec.text)
  for (const spec of Object.values(command.options)) sub.addOption(optionOf(spec))
  addGlobals(sub, 'Options of every command:')
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

/** Options of ansible-playbook that are none here, and what stands for them. */
const peerOptions: Record<string, string> = {
  '--limit': '--on',
  '-l': '--on',
  '--extra-vars': '--var NAME=VALUE',
  '-e': '--var NAME=VALUE',
  '--check': '`longshore plan`',
  '-C': '`longshore plan`',
  '--diff': '`longshore plan -v`',
  '-D': '`longshore plan -v`',
  '-K': '`become:` of the host, with a password from `secrets:`',
  '--ask-become-pass': '`become:` of the host, with a password from `secrets:`',
  '-i': '`hosts:` of the project file',
  '--inventory': '`hosts:` of the project file',
}

/** The library's words as an error of ours. */
function usageErrorOf({ message, code }: CommanderError, command: AnyCommand | undefined): Error {
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n')
  const guess = /Did you mean (.*)\?/.exec(rest.join(' '))?.[1]
  const peer = code === 'commander.unknownOption' ? peerOptions[/'(-[^'=]+)/.exec(first)?.[1] ?? ''] : undefined
  if (peer !== undefined && !(command && 'command' in command.arguments))
    return usageError(first, { hint: `here it is ${peer}` })
  if (guess !== undefined) return usageError(first, { hint: `did you mean ${guess}?` })
  if (command && 'command' in command.arguments && code === 'commander.unknownOption')
    return usageError(first, { hint: `what is to be run comes after \`--\`: longshore ${command.name} … -- COMMAND` })
  return usageError(first, { hint: `\`longshore ${command ? `${command.name} ` : ''}--help\` tells what there is` })
}

interface Reading {
  /** The command that was named, once it is loaded. */
  command?: AnyCommand
  asked?: Asked
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

function createProgram(context: ArgvContext, reading: Reading): Commander {
  const program = new Commander('longshore')
    .description('Bare Linux hosts to running, linked containers, from one file.')
    .version(context.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'tell about the command')
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({ helpWidth: context.columns })
    .configureOutput({
      writeOut: context.out,
      writeErr: context.err,
      getOutHelpWidth: () => context.columns,
      getErrHelpWidth: () => context.columns,
      outputError: () => {},
    })
  addGlobals(program, 'Options:')
  for (const entry of context.entries) {
    const sub = program.command(entry.name).summary(entry.summary).description(sentence(entry.summary))
    sub.helpGroup(`${entry.group}:`).allowExcessArguments(false)
    sub.action(() => {
      const { command } = reading
      if (!command) throw new Error(`the command ${entry.name} was not loaded`)
      const options = readGlobalOptions(program.opts(), sub.opts())
      reading.asked = { kind: 'run', command, given: givenOf(sub, command), options }
    })
  }
  // Only the command that was named is loaded, before its own options are read.
  program.hook('preSubcommand', async (_program, sub) => {
    const command = await context.entries.find(entry => entry.name === sub.name())?.load()
    if (!command) return
    reading.command = command
    declare(sub, command)
  })
  return program
}

/** Reads the command line (without node and script). Prints help and version itself; everything wrong is a usage error. */
export async function readArgv(argv: readonly string[], context: ArgvContext): Promise<Asked> {
  const reading: Reading = {}
  const program = createProgram(context, reading)
  const [first, ...rest] = argv
  const name = first === 'help' ? rest[0] : first
  // Else `--help` tells of the whole program, as if nothing were wrong.
  const isUnknown =
    name !== undefined && !/^(-|help$)/.test(name) && !context.entries.some(entry => entry.name === name)
  const words = isUnknown ? [name] : first === 'help' ? [...rest.slice(0, 1), '--help'] : [...argv]
  try {
    await program.parseAsync(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version')
      return { kind: 'told', exit: exitCodes.done }
    // Nothing but `longshore`: the help has been printed on stderr.
    if (error.code === 'commander.help') return { kind: 'told', exit: exitCodes.usage }
    throw usageErrorOf(error, reading.command)
  }
  return reading.asked ?? { kind: 'told', exit: exitCodes.usage }
}
