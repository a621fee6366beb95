// What a service says of how its containers run, as the normal form: absent where the engine's default holds.
import type { ContainerConfig, HealthcheckWant } from '../wanted.js'
import { sorted } from './environment.js'
import type { Service } from './schema/service.js'
import { restartOf, settingsOf } from './settings.js'

/** The object without the keys that are undefined, so that a key left out and a key set to nothing are the same. */
function given<T extends object>(values: { [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T
}

const inOrder = (list: readonly string[] | undefined): string[] | undefined =>
  list === undefined || list.length === 0 ? undefined : [...new Set(list)].sort()

const some = <T>(list: T[] | undefined): T[] | undefined => (list?.length === 0 ? undefined : list)

/** false is the engine's default for these flags. */
const ifOn = (flag: boolean | undefined): true | undefined => (flag === true ? true : undefined)

function healthcheckOf(check: Service['healthcheck']): HealthcheckWant | undefined {
  if (check === undefined) return undefined
  if (check.disable === true || check.test?.[0] === 'NONE') return { test: ['NONE'] }
  return given<HealthcheckWant>({
    test: check.test ?? [],
    intervalMs: check.interval,
    timeoutMs: check.timeout,
    startPeriodMs: check.start_period,
    startIntervalMs: check.start_interval,
    retries: check.retries,
  })
}

/** The part of a container's configuration that is the same wherever it runs. */
export type OwnConfig = Omit<
  ContainerConfig,
  | ('image' | 'environment' | 'ports' | 'mounts' | 'networks' | 'networkMode' | 'links' | 'extraHosts' | 'files')
  | ('ipc' | 'pid' | 'volumesFrom')
>

/** Reads that part off a service. Lists whose order has no meaning come sorted. */
export function ownConfig(service: Service): OwnConfig {
  const sysctls = sorted(service.sysctls ?? {})
  return given<OwnConfig>({
    ...settingsOf(service),
    command: service.command,
    entrypoint: service.entrypoint,
    labels: sorted(service.labels ?? {}),
    hostname: service.hostname,
    user: service.user,
    workingDir: service.working_dir,
    tty: ifOn(service.tty),
    stdinOpen: ifOn(service.stdin_open),
    init: service.init,
    privileged: ifOn(service.privileged),
    readOnly: ifOn(service.read_only),
    capAdd: inOrder(service.cap_add),
    capDrop: inOrder(service.cap_drop),
    securityOpt: inOrder(service.security_opt),
    sysctls: Object.keys(sysctls).length === 0 ? undefined : sysctls,
    dns: some(service.dns),
    shmSize: service.shm_size,
    restart: restartOf(service),
    healthcheck: healthcheckOf(service.healthcheck),
    stopSignal: service.stop_signal,
    stopGraceMs: service.stop_grace_period,
  })
}
