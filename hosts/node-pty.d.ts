// The part of node-pty's types that we use: the prebuilt package under that name declares its types under its own name only.
declare module 'node-pty' {
  interface Pty {
    onData(listener: (data: string | Uint8Array) => void): void
    onExit(listener: (end: { exitCode: number; signal?: number }) => void): void
    write(data: string | Uint8Array): void
    resize(columns: number, rows: number): void
    kill(signal?: string): void
  }
  interface PtyOptions {
    name: string
    cols: number
    rows: number
    cwd: string
    env: Record<string, string>
    /** null: data comes as bytes. */
    encoding: null
  }
  export function spawn(file: string, args: string[], options: PtyOptions): Pty
}
