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
      /** Of a failure: name of the block whose `rescue` takes it, so that the host goes on. */
      rescued?: string
      /** Of a failure: the task says `ignore_errors`. */
      ignored?: true
    }
  /** What a task had to tell when its turn came. */
  | { type: 'message'; host: string; task: string; text: string }
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
  /** Not a host, but what several are together. */
  together?: true
  /** Failures that a `rescue` took; left out where there are none. */
  rescued?: number
  /** Failures that `ignore_errors` allowed; left out where there are none. */
  ignored?: number
}

/** Takes one event; reports and logs are such functions. */
export type Emit = (event: Event) => void

const escapes = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/gu
/** Also what breaks lines or turns the order of letters round: it can make a line say what it does not. */
const controls = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu

/** Foreign text made fit for a line of ours: escape sequences and control characters removed (a tab becomes a space), length bounded. */
export function cleanLine(text: string, longest = 400): string {
  const plain = text.replace(escapes, '').replaceAll('\t', ' ').replace(controls, '')
  return plain.length > longest ? `${plain.slice(0, longest)}…` : plain
}
