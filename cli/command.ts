// What a command is: one plain object in one file of commands/, with its arguments and options as data.
import type { CommandContext } from './context.js'

/** A word after the command's name. `some`: one or more; `many`: none or more. */
export interface ArgumentSpec {
  text: string
  need: 'one' | 'maybe' | 'some' | 'many'
}

/** An option. `flags` as people write them: `--tail <n>`; `flag` takes no value, `list` may be given several times. */
export interface OptionSpec {
  flags: string
  text: string
  kind: 'flag' | 'value' | 'list'
}

type ArgumentSpecs = Readonly<Record<string, ArgumentSpec>>
type OptionSpecs = Readonly<Record<string, OptionSpec>>

type ArgumentValue<Spec extends ArgumentSpec> = Spec['need'] extends 'one'
  ? string
  : Spec['need'] extends 'maybe'
    ? string | undefined
    : string[]
type OptionValue<Spec extends OptionSpec> = Spec['kind'] extends 'flag'
  ? boolean
  : Spec['kind'] extends 'value'
    ? string | undefined
    : string[]

/** What the user gave: every argument and option by its key in the command's definition. */
type Given<Arguments extends ArgumentSpecs, Options extends OptionSpecs> = {
  [Key in keyof Arguments]: ArgumentValue<Arguments[Key]>
} & { [Key in keyof Options]: OptionValue<Options[Key]> }

/** One command. Keys of `arguments` (in their order) and `options` are the names under which `run` gets what was given. */
export interface Command<Arguments extends ArgumentSpecs = ArgumentSpecs, Options extends OptionSpecs = OptionSpecs> {
  readonly name: string
  /** One line for the help. */
  readonly summary: string
  readonly arguments: Arguments
  /** Long names are the option's identity; a global option's short form may be taken over (`logs -f`). */
  readonly options: Options
  /** Gives the exit code. Errors for the user are thrown. */
  run(context: CommandContext, given: Given<Arguments, Options>): Promise<number>
}

/** Gives an object literal its types, and does nothing else. */
export const command = <const Arguments extends ArgumentSpecs, const Options extends OptionSpecs>(
  definition: Command<Arguments, Options>,
): Command<Arguments, Options> => definition

/** What `run` is handed by the command line, whose types only the command itself knows. */
export type AnyGiven = Record<string, string | string[] | boolean | undefined>

/** A command whose own types are of no concern to the caller. */
export interface AnyCommand {
  readonly name: string
  readonly summary: string
  readonly arguments: ArgumentSpecs
  readonly options: OptionSpecs
  run(context: CommandContext, given: AnyGiven): Promise<number>
}

/** One line of the command list: all that the help needs, and where the rest is. */
export interface CommandEntry {
  readonly name: string
  readonly summary: string
  readonly group: string
  load(): Promise<AnyCommand>
}
