// The words of `engine.swarm`, and how a host stands in a swarm.
import type { At } from '../errors.js'
import { z } from '../schema.js'

/** How a host stands in a swarm. */
export interface MembershipWant {
  /** `none`: it leaves. */
  role: 'manager' | 'worker' | 'none'
  labels: Record<string, string>
  availability: 'active' | 'pause' | 'drain'
  /** Address or interface by which the others reach it. */
  advertise?: string
  /** Address and port that a manager listens at. */
  listen?: string
  /** Address or interface for traffic between containers. */
  dataPath?: string
  /** Of the beginning of a swarm alone. */
  dataPathPort?: number
  pools?: string[]
  subnetSize?: number
  at: At
}

const selector = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], { error: 'must be a selector' })

/** The words of `engine.swarm`. */
export const swarmSchema = z
  .strictObject({
    managers: selector
      .describe('Which hosts are managers: names, groups, labels. Needed with more than one host; an odd number.')
      .optional(),
    role: z
      .enum(['manager', 'worker', 'none'])
      .describe('What this host is, whatever `managers` says; none: it leaves the swarm.')
      .optional(),
    labels: z
      .record(z.string().regex(/^[\w.-]+$/), z.union([z.string(), z.number(), z.boolean()]))
      .describe('Labels of the node, for `deploy.placement`.')
      .optional(),
    availability: z
      .enum(['active', 'pause', 'drain'])
      .describe('pause: it gets no new tasks; drain: what runs there goes elsewhere. Default active.')
      .optional(),
    advertise: z
      .string()
      .min(1)
      .describe(
        'Address or interface by which the others reach it. Default: `private`, else that of its default route.',
      )
      .optional(),
    listen: z.string().min(1).describe('Address and port that it listens at. Default 0.0.0.0:2377.').optional(),
    data_path: z
      .string()
      .min(1)
      .describe('Address or interface for traffic between containers. Default: as `advertise`.')
      .optional(),
    data_path_port: z.int().min(1024).max(49151).describe('UDP port of that traffic. Default 4789.').optional(),
    address_pool: z.array(z.string().min(1)).describe('Ranges that overlay networks take theirs from.').optional(),
    subnet_size: z.int().min(8).max(29).describe('Bits of each of their networks. Default 24.').optional(),
  })
  .describe('Where `provider: swarm`: how the hosts are members of it.')

export type SwarmEntry = z.infer<typeof swarmSchema>
