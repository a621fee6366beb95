// What a step of ours carries, unseen, so that apply knows what to do; and how such a step is made.
import type { ShippedWant } from '../../core/containers/mounts/shipped-want.js'
import type { EngineStep, Scope } from '../../core/provider.js'
import type { Change, Step } from '../../core/step.js'
import type { ContainerWant, ImageWant, NetworkWant, ReplaceOrder, VolumeWant } from '../../core/wanted.js'
import type { ControlWork } from './control/step.js'
import type { Labels } from './labels.js'

/** What all work needs of the project. The key is the host's, for fingerprints of secrets. */
export interface Origin {
  project: string
  key: Uint8Array
}

export type Work = Origin &
  (
    | { kind: 'image'; want: ImageWant }
    | { kind: 'push-image'; want: ImageWant }
    | { kind: 'create-network'; want: NetworkWant; labels: Labels; replaces?: string }
    | { kind: 'create-volume'; want: VolumeWant; labels: Labels }
    | { kind: 'create-container'; want: ContainerWant }
    /** `old` is put back if the new one fails; `discard`: half-made ones of an interrupted run. */
    | { kind: 'replace-container'; want: ContainerWant; old: string; discard: string[]; order?: ReplaceOrder }
    /** What can be changed while it runs. */
    | { kind: 'update-container'; want: ContainerWant; id: string; paused: boolean; starts: boolean }
    | { kind: 'start-container'; want: ContainerWant; id: string; paused: boolean }
    | { kind: 'remove-container'; id: string; volumes: string[] | undefined }
    | ControlWork
    /** Tells the front door where domains lead. */
    | { kind: 'route'; want: ContainerWant }
    | { kind: 'ship-files'; want: ShippedWant }
    /** Brings live copies of a running container up to date, and tells it. */
    | { kind: 'update-files'; want: ContainerWant; id: string }
    /** By their names below the folder of shipped files. */
    | { kind: 'remove-files'; names: string[] }
    | { kind: 'remove-network'; id: string }
    | { kind: 'remove-volume'; name: string }
    | { kind: 'remove-image'; refs: string[] }
    | { kind: 'prune-cache' }
  )

/** Id of the step for a thing: the same in every plan. */
export const stepId = (scope: Scope, thing: string): string => `${scope.name}/${thing}`

/** Makes a step for a thing of ours ("container shop-redis-1"). */
export function makeStep(
  scope: Scope,
  thing: string,
  told: { verb: string; cause: string; after?: string[]; loses?: string; changes?: Change[] },
  work: Work,
): EngineStep {
  const step: Step = {
    id: stepId(scope, thing),
    host: scope.name,
    thing,
    verb: told.verb,
    cause: told.cause,
    after: told.after ?? [],
    certainty: 'will',
    ...(told.loses === undefined ? {} : { loses: told.loses }),
    ...(told.changes === undefined || told.changes.length === 0 ? {} : { changes: told.changes }),
  }
  return { ...step, work }
}
