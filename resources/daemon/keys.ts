// What is known of one key of daemon.json, and how engine versions are compared.
import { z } from '../../core/schema.js'

/** An engine version as its first two numbers: 28.2 is [28, 2]. */
export type Release = readonly [number, number]

/** One key of daemon.json on Linux. */
export interface DaemonKey {
  readonly type: z.ZodType
  /** First release that knows it; all that we support if left out. */
  readonly since?: Release
  /** First release that refuses to start with it. */
  readonly until?: Release
  /** First release that accepts and ignores it. */
  readonly idle?: Release
  /**
   * `set`: a signal is enough for another value, but a key that leaves the file keeps its old value until a restart.
   * `always`: a signal is enough for that too. Left out: only a restart brings it into force.
   */
  readonly reload?: 'set' | 'always'
  /** What becomes unreachable when its value changes. */
  readonly hides?: string
}

/** The release of a version text such as `20.10.24+dfsg1`; undefined when it is none. */
export function releaseOf(version: string | undefined): Release | undefined {
  const [, major, minor] = /^(?:\d+:)?v?(\d+)\.(\d+)/.exec(version ?? '') ?? []
  return major === undefined ? undefined : [Number(major), Number(minor)]
}

/** Whether a release is the other one or a later one. */
export const isFrom = (release: Release, other: Release): boolean =>
  release[0] > other[0] || (release[0] === other[0] && release[1] >= other[1])

/** How people write a release: `23.0`. */
export const releaseText = ([major, minor]: Release): string => `${major}.${minor}`

const text = z.string()
const texts = z.array(z.string())
const flag = z.boolean()
const count = z.int().min(0)
const path = z.string().regex(/^\//, 'must be an absolute path')
const ip = z.union([z.ipv4(), z.ipv6()], { error: 'must be an IP address' })
const textMap = z.record(z.string(), z.string({ error: 'must be text: quote it' }))

/** The shapes that values of daemon.json have. */
export const shapes = {
  text,
  texts,
  flag,
  count,
  path,
  ip,
  textMap,
  byteSize: z.union([z.int().min(0), z.string().regex(/^\d+(\.\d+)? *[kmgtp]?i?b?$/i, 'must be a size such as 64M')]),
  labels: z.array(z.string().regex(/^[^=]+=/, 'must be KEY=VALUE')),
  registries: z.array(z.string().min(1)),
  mirrors: z.array(z.string().regex(/^https?:\/\/[^?#]+$/, 'must be an http:// or https:// URL')),
  subnet: z.union([z.cidrv4(), z.cidrv6()], { error: 'must be a network such as 10.20.0.0/16' }),
  pools: z.array(
    z.strictObject({
      base: z.union([z.cidrv4(), z.cidrv6()], { error: 'must be a network such as 10.20.0.0/16' }),
      size: z.int().min(1).max(128),
    }),
  ),
  ulimits: z.record(
    z.string(),
    z
      .object({ Name: text.optional(), Hard: z.int().optional(), Soft: z.int().optional() })
      .refine(limit => limit.Hard !== undefined || limit.Soft !== undefined, 'give Hard and Soft'),
  ),
  runtimes: z.record(
    z.string(),
    z.strictObject({
      path: text.optional(),
      runtimeArgs: texts.optional(),
      runtimeType: text.optional(),
      options: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  proxies: z.strictObject({
    'http-proxy': text.optional(),
    'https-proxy': text.optional(),
    'no-proxy': text.optional(),
  }),
  builder: z.strictObject({
    gc: z.record(z.string(), z.unknown()).optional(),
    entitlements: z.record(z.string(), z.unknown()).optional(),
    history: z.record(z.string(), z.unknown()).optional(),
  }),
  nri: z.strictObject({
    enable: flag.optional(),
    'plugin-path': text.optional(),
    'plugin-config-path': text.optional(),
    'socket-path': text.optional(),
  }),
  networkOptions: z.record(z.string(), textMap),
  flags: z.record(z.string(), flag),
}
