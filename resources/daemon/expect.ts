// How a running engine shows that keys are in force: pieces of the JSON text with which it tells about itself.
import type { DaemonMap } from './check.js'

/** A key, and what the engine's account of itself must hold. */
export interface Expectation {
  key: string
  /** A piece of the JSON text. */
  needle: string
}

/** Text that every engine writes as it is given: nothing that JSON, or an engine's normal form, would change. */
const isPlain = (value: unknown): value is string => typeof value === 'string' && /^[\w.:/=,+ -]+$/.test(value)

const list = (value: unknown): string[] => (Array.isArray(value) ? value.filter(isPlain) : [])

const field = (name: string, value: unknown): string[] =>
  typeof value === 'boolean' || isPlain(value) ? [`"${name}":${JSON.stringify(value)}`] : []

/** Needles by key. Only what engines 20.10 to 29 tell alike is asked for; source: GET /info. */
const tellers: Readonly<Record<string, (value: unknown) => string[]>> = {
  debug: value => field('Debug', value),
  experimental: value => field('ExperimentalBuild', value),
  'live-restore': value => field('LiveRestoreEnabled', value),
  'log-driver': value => field('LoggingDriver', value),
  'default-runtime': value => field('DefaultRuntime', value),
  labels: value => list(value).map(label => JSON.stringify(label)),
  'registry-mirrors': value => list(value).map(url => `"${url.replace(/\/$/, '')}/"`),
  'insecure-registries': value =>
    list(value)
      .filter(name => !name.includes('/') && name === name.toLowerCase())
      .map(name => `"${name}":{`),
  'exec-opts': value =>
    list(value).flatMap(option => field('CgroupDriver', option.replace(/^native\.cgroupdriver=/, ''))),
  runtimes: value =>
    Object.keys(value as object)
      .filter(isPlain)
      .map(name => `"${name}":{`),
  proxies: value => {
    const proxies = value as Record<string, unknown>
    return [
      ...field('HttpProxy', proxies['http-proxy']),
      ...field('HttpsProxy', proxies['https-proxy']),
      ...field('NoProxy', proxies['no-proxy']),
    ]
  },
}

/** What the engine must tell once these keys are in force; keys that it tells nothing of are left out, and values that hold a secret. */
export const expectations = (map: DaemonMap, secretKeys: ReadonlySet<string>): Expectation[] =>
  Object.entries(map).flatMap(([key, value]) =>
    secretKeys.has(key) || !Object.hasOwn(tellers, key)
      ? []
      : (tellers[key]?.(value) ?? []).map(needle => ({ key, needle })),
  )

/** Keys that the engine's account of itself shows as not in force; none where it gave no account. */
export const notInForce = (info: string, expected: readonly Expectation[]): string[] =>
  info === '' ? [] : [...new Set(expected.filter(({ needle }) => !info.includes(needle)).map(({ key }) => key))]
