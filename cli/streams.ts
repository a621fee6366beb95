// The process' streams as the rest of the room sees them.

/** The process' streams; a test gives its own. */
export interface Io {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
}
