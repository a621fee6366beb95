// What a service says of how its containers are replaced, as the normal form with the defaults filled in.
import type { GateWant, Rollout, RolloutRules } from '../wanted.js'
import type { Service } from './schema/service.js'

type Config = NonNullable<NonNullable<Service['deploy']>['rollback_config']>

/** One at a time, as with Compose; start-first or not is left to what stands against it. */
export const defaultRollout: Rollout = {
  parallelism: 1,
  delayMs: 0,
  monitorMs: 0,
  maxFailureRatio: 0,
  failureAction: 'pause',
  back: { parallelism: 1, delayMs: 0, monitorMs: 0, maxFailureRatio: 0 },
}

const rulesOf = (config: Omit<Config, 'failure_action'> | undefined): RolloutRules => ({
  parallelism: config?.parallelism ?? 1,
  delayMs: config?.delay ?? 0,
  monitorMs: config?.monitor ?? 0,
  maxFailureRatio: config?.max_failure_ratio ?? 0,
  ...(config?.order === undefined ? {} : { order: config.order }),
})

/** How the containers of a service are replaced, and what a new one must answer: absent where the file does not say it. */
export function rolloutOf({ deploy, gate }: Service): { rollout?: Rollout; gate?: GateWant } {
  const { update_config: update, rollback_config: back } = deploy ?? {}
  return {
    ...(update === undefined && back === undefined
      ? {}
      : { rollout: { ...rulesOf(update), failureAction: update?.failure_action ?? 'pause', back: rulesOf(back) } }),
    ...(gate === undefined ? {} : { gate }),
  }
}
