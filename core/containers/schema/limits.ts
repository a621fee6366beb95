// What a service may use: CPUs, memory, processes, block devices, and the limits of its processes.
import type { BlkioWant, DeviceRequest } from '../../container-settings.js'
import { usageError } from '../../errors.js'
import { z } from '../../schema.js'
import { readDuration } from './quantities.js'
import { rollbackSchema, updateSchema } from './rollout.js'
import { duration, flag, keyed, size, textMap, texts, whole, written } from './shapes.js'
import { swarmDeployShapes } from './swarm-deploy.js'

/** A number, also as text. */
export const decimal = z
  .union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/)], { error: 'must be a number' })
  .transform(Number)

/** A whole number that may be below zero, also as text. */
export const integer = z
  .union([z.number().int(), z.string().regex(/^-?\d+$/)], { error: 'must be a whole number' })
  .transform(Number)

const count = whole(0, Number.MAX_SAFE_INTEGER)

/** Bytes; -1 means without a limit. */
const sizeOrNone = z.union([z.literal(-1), z.literal('-1').transform(() => -1), size], {
  error: 'must be a size such as 64m, or -1',
})

/** Microseconds, as a number or a duration. */
const microseconds = z.union(
  [z.number().int(), written(text => (/^-?\d+$/.test(text) ? Number(text) : readDuration(text) * 1000))],
  { error: 'must be a number of microseconds, or a duration' },
)

const rates = z
  .array(keyed({ path: z.string().describe('The device.'), rate: size.describe('Per second.') }))
  .optional()
  .describe('Limits of devices.')

const blkioSchema = keyed({
  weight: whole(10, 1000).optional().describe('Weight, 10 to 1000.'),
  weight_device: z
    .array(keyed({ path: z.string().describe('The device.'), weight: whole(0, 1000).describe('Its weight.') }))
    .optional()
    .describe('Weights of devices.'),
  device_read_bps: rates,
  device_read_iops: rates,
  device_write_bps: rates,
  device_write_iops: rates,
}).transform((given): BlkioWant => {
  const want: BlkioWant = {}
  if (given.weight !== undefined) want.weight = given.weight
  if (given.weight_device !== undefined) want.weightDevice = given.weight_device
  if (given.device_read_bps !== undefined) want.readBps = given.device_read_bps
  if (given.device_read_iops !== undefined) want.readIops = given.device_read_iops
  if (given.device_write_bps !== undefined) want.writeBps = given.device_write_bps
  if (given.device_write_iops !== undefined) want.writeIops = given.device_write_iops
  return want
})

/** `ulimits:`, each with its soft and its hard limit. */
export const ulimitsSchema = z.record(
  z.string().regex(/^[a-z]+$/, { error: 'must be the name of a limit, such as nofile' }),
  z.union(
    [
      integer.transform(value => ({ soft: value, hard: value })),
      keyed({ soft: integer.describe('The soft limit.'), hard: integer.describe('The hard limit.') }),
    ],
    {
      error: 'must be a number, or a map with soft and hard',
    },
  ),
)

const countOrAll = z.union([z.literal('all').transform(() => -1), integer], { error: 'must be a number, or all' })

const deviceRequest = (capabilities: string[]) =>
  keyed({
    driver: z.string().optional().describe('The driver.'),
    count: countOrAll.optional().describe('How many; all of them with `all`.'),
    device_ids: texts.optional().describe('Which ones.'),
    capabilities: texts.optional().describe('What they can do.'),
    options: textMap.optional().describe("The driver's options."),
  }).transform(
    (given): DeviceRequest => ({
      ...(given.driver === undefined ? {} : { driver: given.driver }),
      ...(given.device_ids === undefined ? { count: given.count ?? -1 } : { ids: given.device_ids }),
      capabilities: [...capabilities, ...(given.capabilities ?? [])],
      ...(given.options === undefined ? {} : { options: given.options }),
    }),
  )

const gpusSchema = z.union(
  [
    z.literal('all').transform((): DeviceRequest[] => [{ count: -1, capabilities: ['gpu'] }]),
    z.array(deviceRequest(['gpu'])),
  ],
  { error: 'must be all, or a list of maps' },
)

const device = z.union(
  [
    written(text => {
      const [source = '', target = source, permissions = 'rwm', ...more] = text.split(':')
      if (!source.startsWith('/') || more.length > 0)
        throw usageError(`"${text}" is no device: write it as /dev/x, /dev/x:/dev/y or /dev/x:/dev/y:r`)
      // "/dev/x:r" names permissions, as with the engine's own command.
      return /^[rwm]+$/.test(target) ? { source, target: source, permissions: target } : { source, target, permissions }
    }),
    keyed({
      source: z.string().describe('On the host.'),
      target: z.string().optional().describe('In the container; as on the host if left out.'),
      permissions: z.string().optional().describe('Of r, w and m; all if left out.'),
    }).transform(({ source, target = source, permissions = 'rwm' }) => ({ source, target, permissions })),
  ],
  { error: 'must be a device: "/dev/x:/dev/y:rwm", or a map with source and target' },
)

/** Keys of a service. */
export const limitShapes = {
  cpus: decimal.optional().describe('How many CPUs it may use, also parts of one.'),
  cpu_shares: count.optional().describe('Weight of its share of the CPUs.'),
  cpu_period: microseconds.optional().describe("Period of the scheduler's quota, in microseconds."),
  cpu_quota: microseconds.optional().describe('Time per period, in microseconds.'),
  cpu_rt_period: microseconds.optional().describe('Period of the real-time quota.'),
  cpu_rt_runtime: microseconds.optional().describe('Real-time per period.'),
  cpuset: z.string().optional().describe('Which CPUs it may use: 0-3, or 0,1.'),
  cpu_count: count.optional().describe('Means something only on Windows.'),
  cpu_percent: whole(0, 100).optional().describe('Means something only on Windows.'),
  mem_limit: size.optional().describe('Memory it may use.'),
  mem_reservation: size.optional().describe('Memory it should have.'),
  memswap_limit: sizeOrNone.optional().describe('Memory and swap it may use; -1 without a limit.'),
  mem_swappiness: whole(0, 100).optional().describe('How readily its memory is swapped.'),
  oom_kill_disable: flag.optional().describe('Not killed when memory runs out.'),
  oom_score_adj: integer
    .refine(value => value >= -1000 && value <= 1000, { error: 'must be from -1000 to 1000' })
    .optional()
    .describe('How likely it is killed when memory runs out, -1000 to 1000.'),
  pids_limit: integer.optional().describe('How many processes it may have; -1 without a limit.'),
  blkio_config: blkioSchema.optional().describe('Weights and limits of block devices.'),
  ulimits: ulimitsSchema.optional().describe('Limits of its processes: a number, or soft and hard.'),
  gpus: gpusSchema.optional().describe('GPUs: all, or which.'),
  devices: z.array(device).optional().describe('Devices of the host.'),
  device_cgroup_rules: texts.optional().describe('Rules for devices ("c 1:3 mr").'),
}

/** `deploy:`. */
export const deploySchema = keyed({
  replicas: whole(0, 10_000).optional().describe('How many containers in all, dealt over the hosts.'),
  resources: keyed({
    limits: keyed({
      cpus: decimal.optional().describe('As `cpus`.'),
      memory: size.optional().describe('As `mem_limit`.'),
      pids: integer.optional().describe('As `pids_limit`.'),
    })
      .optional()
      .describe('The most it may use.'),
    reservations: keyed({
      cpus: decimal.optional().describe('On a swarm: CPUs that a node must have free for it.'),
      memory: size.optional().describe('As `mem_reservation`.'),
      devices: z.array(deviceRequest([])).optional().describe('Devices that a driver picks.'),
    })
      .optional()
      .describe('What it should have.'),
  })
    .optional()
    .describe('What it may use.'),
  restart_policy: keyed({
    condition: z
      .enum(['none', 'no', 'on-failure', 'unless-stopped', 'any', 'always'])
      .optional()
      .describe('When it is started again; any if left out.'),
    max_attempts: count.optional().describe('How often, with on-failure.'),
    delay: duration.optional().describe('On a swarm: time between two starts.'),
    window: duration.optional().describe('On a swarm: in which attempts are counted.'),
  })
    .optional()
    .describe('When the engine starts it again, if `restart` does not say.'),
  ...swarmDeployShapes,
  update_config: updateSchema.optional().describe('How its containers are replaced.'),
  rollback_config: rollbackSchema.optional().describe('How those that were replaced are put back.'),
})
