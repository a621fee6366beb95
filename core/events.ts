// What happened, as data: the engine emits events and knows no terminal; reports read them.
import type { At } from './errors.js'
import type { Step } from './step.js'

/** How a step stands. `already`: an earlier step of this run has made it so. */
export type StepState = 'start' | 'done' | 'already' | 'failed' | 'skipped' | 'rolled-back'

export type Event =
  | {
      type: 'host'
      host: string
      state: 'connecting' | 'reading' | 'ready' | 'unreachable' | 'failed'
      text?: string
      ms?: number
    }
  | { type: 'plan'; steps: Step[]; unchanged: number }
  | {
      type: 'step'
      id: string
      host: string
      thing: string
      verb: string
      state: StepState
      ms?: number
      text?: string
      output?: string
    }
  /** The last line that a running step printed. */
  | { type: 'output'; id: string; host: string; text: string }
  | { type: 'warning'; text: string; host?: string; at?: At }
  | { type: 'note'; text: string; host?: string }
  | { type: 'summary'; hosts: HostSummary[]; ms: number; exit: number }

/** What a run came to on one host. */
export interface HostSummary {
  host: string
  ok: number
  changed: number
  failed: number
  skipped: number
  unreachable: boolean
}

/** Takes one event; reports and logs are such functions. */
export type Emit = (event: Event) => void

/** Foreign text made fit for a line of ours: escape sequences and control characters removed, length bounded. */
export function cleanLine(text: string, longest = 400): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
  const plain = text.replace(
    /\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g,
    '',
  )
  return plain.length > longest ? `${plain.slice(0, longest)}…` : plain
}
