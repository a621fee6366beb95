// What a kind of thing on a host is: one plain object with pure parts, from schema to shell text.
import type { Issuer } from './certificates.js'
import type { LocalFiles } from './files.js'
import type { Schema } from './schema.js'
import type { Secret } from './secret.js'
import type { Sh } from './sh.js'
import type { Change } from './step.js'

/** What a resource may use to turn its YAML into what is wanted: this machine's files and the templates' scope. */
export interface LoadContext {
  files: LocalFiles
  /** Absolute path of `src`: as given, beside the playbook, or in its `templates/` or `files/` folder. Throws a UserError that names the places. */
  find(src: string, folder: 'templates' | 'files'): Promise<string>
  /** Renders a Handlebars text with the task's scope. `secret` tells whether a secret went into it. */
  render(text: string, file: string): { text: string; secret: boolean }
  /** The project's certificate authority, where the run has one. */
  issuer?: Issuer
  /** Whether a condition (CEL, as in `when`) holds with the task's scope. A usage error when it is none. */
  holds(condition: string): boolean
}

/**
 * One kind of thing a host can have. Every part is pure, but for `load`, which may read this machine's files through its context.
 * Shell text is POSIX sh, runs with LC_ALL=C, as root or as the task's user; it never says sudo.
 */
export interface Resource<Want, Seen> {
  /** Its word in YAML. */
  readonly kind: string
  /** Checks and documents that YAML (after templates were rendered). May transform short forms. */
  readonly schema: Schema<Want>
  /** What it is for, in one sentence for people (`longshore docs KIND`). */
  readonly summary?: string
  /** Texts in its YAML may hold `{{.X}}`, the engine's own templates, which pass untouched. */
  readonly engineTemplates?: true
  /** Tasks in YAML (a list) that work as they stand on a fresh Debian host; a test applies them twice. */
  readonly example?: string
  /** How a plan names the thing: "file /etc/motd". */
  name(want: Want): string
  /** Fills in what lies on this machine (a template's text, a tree's hashes). */
  load?(want: Want, context: LoadContext): Promise<Want>
  /** Read-only shell; joined with all other probes into one exec. Prints something for every outcome, also for absent; exits non-zero only for a fault. */
  probe(want: Want): Sh
  /** What the probe printed, as data. Throws a UserError when it cannot be understood. */
  read(out: string, want: Want): Seen
  /** A second read that only a differing thing needs (a file's text for its diff); undefined if not. Its output reaches `withContent`. */
  content?(want: Want, seen: Seen): Sh | undefined
  withContent?(out: string, want: Want, seen: Seen): Seen
  /** What differs; [] = nothing to do. */
  diff(want: Want, seen: Seen): Change[]
  /** The verb of the step that makes it so: install, write, create, remove, start, … */
  verb(want: Want, seen: Seen): string
  /** The verb of what acts each time it is asked to, known without a read: of a handler's restart, for a plan. */
  acts?(want: Want): string | undefined
  /** Shell texts, in order, each safe to run twice. A failing one stops the rest. A payload (file content, password) goes by stdin. */
  apply(want: Want, seen: Seen): Sh[]
  /** The exit code by which `apply` tells that the change was undone: the host is as it was before. The run then ends with exit code 6. */
  readonly rolledBackCode?: number
  /** What to warn of before anything is done; told once a run, also where nothing differs. */
  warnings?(want: Want, seen: Seen): string[]
  /**
   * Asked of what is to be changed, when all hosts have been read and before anything is done on any. Throws a UserError for what must
   * not be begun anywhere.
   */
  veto?(want: Want, seen: Seen): Promise<void>
  /** Names of the containers that the change stops; those that are wanted are started again in the same run. */
  stops?(want: Want, seen: Seen): string[]
  /** True when the change may put files on the host that nobody can foretell: what a package holds, what a script writes. */
  brings?(want: Want): boolean
  /** True when nothing is to be done only because something is not there that a package may hold: it is planned again after what `brings`. */
  mayReturn?(want: Want, seen: Seen): boolean
  /** Keys of what it changes ("file:/etc/motd", "package:curl"): a later thing with the same key is planned again after it. */
  touches?(want: Want): string[]
  /** True when the change must be listed as `unknown` (a command without a check). */
  unknown?(want: Want): boolean
  /** Secrets in it, so that no diff is shown. */
  secrets?(want: Want): Secret[]
  /** What `register` gives besides changed, failed, skipped and a command's output: entries by name. */
  result?(want: Want, seen: Seen): Record<string, unknown>
  /** A line told to the user when the task's turn comes, in a run: of a kind that changes nothing. */
  message?(want: Want): string
  /** Variables that later tasks of the host see by name. */
  gives?(want: Want): Record<string, unknown>
  /** Files to write on this machine from what the last command of `apply` printed. */
  keeps?(want: Want, out: string): LocalWrite[]
  /** The change ends the connection (a reboot): seconds within which the host must be back. It is connected to again before the next task. */
  returnsWithin?(want: Want): number
}

/** A file to write on this machine. */
export interface LocalWrite {
  /** Absolute path; missing folders are made. */
  path: string
  bytes: Uint8Array
  /** Permission bits; 0644 if left out. */
  mode?: number
}

/** Gives an object literal its types, and does nothing else. */
export const resource = <Want, Seen>(definition: Resource<Want, Seen>): Resource<Want, Seen> => definition

/** A resource whose types are of no concern to the caller. */
export type AnyResource = Resource<unknown, unknown>

/** The list entry of a resource: the engine hands each one only what its own schema and read have made. */
export const anyResource = <Want, Seen>(definition: Resource<Want, Seen>): AnyResource =>
  definition as unknown as AnyResource
