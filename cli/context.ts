// What every command gets: the user's options, this process' surroundings, and the rooms, wired on first use.
import type { Emit } from '../core/events.js'
import type { LocalFiles } from '../core/files.js'
import type { Host, Project } from '../core/project.js'
import type { AnyProvider } from '../core/provider.js'
import type { AnyResource } from '../core/resource.js'
import type { Masker } from '../core/secret.js'
import type { Connect } from '../hosts/index.js'
import type { GlobalOptions } from './options.js'
import type { Report } from './report/report.js'
import type { Style } from './report/style.js'
import type { UserSettings } from './settings.js'
import type { Io } from './streams.js'

export interface CommandContext {
  readonly options: GlobalOptions
  readonly io: Io
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly cwd: string
  /** Aborts at the first interrupt (then exit 130); the second one ends the process at once. */
  readonly signal: AbortSignal
  /** Aborts when nobody reads stdout any more (`| head`): commands that only print may stop. */
  readonly stdoutClosed: AbortSignal
  readonly masker: Masker
  readonly files: LocalFiles
  /** Path of the project's file: `-f`, else longshore.yaml here or in a parent folder. A usage error when there is none. */
  projectFile(): Promise<string>
  /** The project, read and checked once; its secrets are not fetched. */
  project(): Promise<Project>
  /** The project with its secrets fetched: what connecting and running need. */
  projectWithSecrets(): Promise<Project>
  /** The hosts that `--on` means, in file order; all without it. A usage error when it means none. */
  hosts(): Promise<Host[]>
  settings(): Promise<UserSettings>
  /** Hosts at a time: `--forks`, else the user's setting. */
  forks(): Promise<number>
  resources(): Promise<readonly AnyResource[]>
  providers(): Promise<readonly AnyProvider[]>
  /** Opens ways to the project's hosts; fetches its secrets first. Unknown host keys are asked for, notes go to the report. */
  connect(): Promise<Connect>
  /** The report of this run, started on first use. Events pass the masker. It is ended by whoever runs the command. */
  report(): Promise<Report>
  /** Sends an event to the report, in order, starting it if need be. */
  readonly emit: Emit
  /** Prints an answer on stdout, masked, with a line feed; what the report draws makes room. Foreign text in it must be clean. */
  print(text: string): void
  /** Prints one JSON object on a line of stdout, masked, with the time: the answers of `--json`. */
  printJson(data: Readonly<Record<string, unknown>>): void
  /** Colours for stdout; functions that do nothing where there is no colour. */
  style(): Promise<Style>
  /** Tells an error on stderr, masked, with its place and its hint; with `--json` on stdout, too, as data. The command goes on. */
  tell(error: unknown): Promise<void>
  /** Asks yes or no. `--yes` answers; without a terminal it is a usage error that names `--yes`. */
  confirm(question: string): Promise<boolean>
}
