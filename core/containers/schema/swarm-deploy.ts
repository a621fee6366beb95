// What `deploy:` may say for a swarm alone: mode, placement, endpoint and labels of the service.
import { z } from '../../schema.js'
import { keyed, textMap, texts, whole } from './shapes.js'

/** Keys of `deploy:`; elsewhere they have no effect. */
export const swarmDeployShapes = {
  mode: z
    .enum(['replicated', 'global', 'replicated-job', 'global-job'])
    .optional()
    .describe('On a swarm: so many in all, or one on each of its hosts (default with `on` and no number).'),
  endpoint_mode: z
    .enum(['vip', 'dnsrr'])
    .optional()
    .describe('On a swarm: one address for all of them (vip, default), or the addresses of all (dnsrr).'),
  labels: textMap.optional().describe('On a swarm: labels of the service.'),
  placement: keyed({
    constraints: texts.optional().describe('Conditions on nodes, such as node.labels.disk==ssd.'),
    preferences: z
      .array(keyed({ spread: z.string().optional().describe('A label of nodes, such as node.labels.zone.') }))
      .optional()
      .describe('Over what it is spread evenly.'),
    max_replicas_per_node: whole(0, 10_000).optional().describe('The most of it on one node.'),
  })
    .optional()
    .describe('On a swarm: where it may run, besides `on`.'),
}
