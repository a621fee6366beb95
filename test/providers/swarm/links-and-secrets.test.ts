// What a service of a swarm is told for others that link to it, and so that nobody is shown its secrets.
import { test } from 'tap'
import { Secret } from '../../../core/secret.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { canonicalHash, canonicalJson } from '../../../providers/docker/canonical.js'
import { labels } from '../../../providers/docker/labels.js'
import { withoutSecrets } from '../../../providers/docker/watch/tell.js'
import { serviceBody } from '../../../providers/swarm/services/body.js'
import { aliasesOf, aliasesToCompare } from '../../../providers/swarm/services/links.js'
import { serviceSpec } from '../../../providers/swarm/services/spec.js'
import { at } from '../samples.js'

const container = (service: string, more: Partial<ContainerWant['config']> = {}): ContainerWant => ({
  service,
  number: 1,
  name: `shop-${service}-1`,
  config: {
    image: 'shop-web',
    environment: {},
    labels: {},
    ports: [],
    mounts: [],
    networks: [],
    links: [],
    extraHosts: [],
    ...more,
  },
  dependsOn: [],
  at,
})

const key = Buffer.alloc(32, 7)
const hosts = ['n1']

test('names by which a service is linked to', t => {
  const front = container('front', {
    links: [
      { container: 'shop-web-1', alias: 'backend' },
      { container: 'shop-web-1', alias: 'web' },
      { container: 'shop-gone-1', alias: 'gone' },
    ],
  })
  const other = container('other', { links: [{ container: 'shop-web-2', alias: 'api' }] })
  t.same(
    [...aliasesOf([container('web'), front, other], 'shop')],
    [['web', ['api', 'backend']]],
    'its own name it has anyway',
  )

  const web = container('web')
  const specWith = (aliases: readonly string[]) => serviceSpec(web, { key, hosts, aliases })
  const there = specWith(['api', 'backend'])
  const found = { [labels.specHash]: canonicalHash(there), [labels.spec]: canonicalJson(there) }
  t.same(aliasesToCompare(found, ['api'], specWith), ['api', 'backend'], 'one that is not used any more stays')
  t.same(aliasesToCompare(found, [], specWith), ['api', 'backend'])
  t.same(aliasesToCompare(found, ['new'], specWith), ['new'], 'one that is new does not')
  const changed = (aliases: readonly string[]) =>
    serviceSpec(container('web', { user: 'nobody' }), { key, hosts, aliases })
  t.same(aliasesToCompare(found, ['api'], changed), ['api'], 'it goes with the next change')
  t.same(aliasesToCompare({}, ['api'], specWith), ['api'])
  t.end()
})

test('the containers of a service tell which of their variables are secrets, and not what these are', t => {
  const environment = { TOKEN: new Secret('TOKEN', 'very-secret'), COLOUR: 'red' }
  const parts = { project: 'shop', key, hosts, aliases: [], image: 'sha256:1', objects: [], forceUpdate: 0 }
  const labelsOf = (want: ContainerWant) =>
    (serviceBody(want, parts).TaskTemplate.ContainerSpec as { Labels: Record<string, string> }).Labels
  const told = labelsOf(container('web', { environment }))
  t.notMatch(JSON.stringify(told), /very-secret/)
  t.same(withoutSecrets({ Config: { Env: ['TOKEN=very-secret', 'COLOUR=red'], Labels: told } }).Config, {
    Env: ['TOKEN=(secret)', 'COLOUR=red'],
    Labels: told,
  })
  t.notOk(labels.spec in labelsOf(container('web', { environment: { COLOUR: 'red' } })))
  t.end()
})
