// The `docker_container` kind: a single container of the host's engine, for one-offs in plays.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { Secret } from '../../core/secret.js'
import type { Change } from '../../core/step.js'
import { withEnvironment } from '../_environment.js'
import { makeAnew, remove, startAgain, stop } from './_container-apply.js'
import { type Container, type ContainerSeen, probeContainer, readContainerSeen } from './_container-seen.js'
import { secretVariables, specChanges, specOf, variableSum } from './_container-spec.js'
import { type ContainerWant, containerSchema } from './_container-want.js'
import { missing, removal } from './_engine.js'
import { shortId } from './docker_image.js'

/** Throws where the container is a project's. */
function mustBeFree(want: ContainerWant, { labels, spec }: Container): void {
  const project = labels['longshore.project'] ?? labels['com.docker.compose.project']
  if (project === undefined || spec !== undefined) return
  const isOurs = labels['longshore.project'] !== undefined
  if (want.state === 'absent' && !isOurs) return
  throw new UserError(`container ${want.name} belongs to the ${isOurs ? '' : 'Compose '}project ${project}`, {
    hint: isOurs
      ? 'It is declared under `containers:`: change it there, or give this one another name.'
      : 'Give this one another name, or remove that one first (state: absent).',
  })
}

const secretChanges = (want: ContainerWant, { id, sums, spec }: Container): Change[] =>
  Object.entries(secretVariables(want)).flatMap(([name, value]) =>
    value instanceof Secret &&
    spec?.[`env.${name}`] !== undefined &&
    sums[name] !== variableSum(id, name, value.reveal())
      ? [{ what: `env.${name}`, from: 'another secret', to: 'the secret as it is now' }]
      : [],
  )

const imageChanges = (want: ContainerWant, container: Container, image: string | undefined): Change[] => {
  const { image: name } = container.spec ?? {}
  const isSame = image === undefined ? name === want.image : image === container.image
  if (isSame) return []
  const to = image === undefined ? `${want.image}, to be pulled` : `${want.image} ${shortId(image)}`
  return [{ what: 'image', from: `${String(name)} ${shortId(container.image)}`, to }]
}

/** What only a new container can mend. */
function differences(want: ContainerWant, { container, image }: ContainerSeen): Change[] {
  if (container === undefined) return []
  if (container.spec === undefined)
    return [
      {
        what: 'container',
        from: 'made by no task',
        to: 'as this task wants it',
        loses: `container ${want.name} as it was made by hand`,
      },
    ]
  return [
    ...imageChanges(want, container, image),
    ...specChanges(specOf(want), container.spec),
    ...secretChanges(want, container),
  ]
}

function stateChanges(want: ContainerWant, { status, code }: Container): Change[] {
  const running = status === 'running'
  const from = status === 'exited' ? `ended with ${code}` : status
  if (!want.detach)
    return status === 'exited' && code === 0 ? [] : [{ what: 'state', from, to: 'run to its end, with 0' }]
  if (want.state === 'started') return running ? [] : [{ what: 'state', from, to: 'running' }]
  const isUp = running || status === 'paused' || status === 'restarting'
  return want.state === 'stopped' && isUp ? [{ what: 'state', from, to: 'stopped' }] : []
}

const isMadeAnew = (want: ContainerWant, seen: ContainerSeen): boolean =>
  seen.container === undefined || want.recreate || differences(want, seen).length > 0

/** A container. What it was made for stands in its label, so that neither the image's own defaults nor the engine's hide a change. */
export const dockerContainer = resource<ContainerWant, ContainerSeen>({
  kind: 'docker_container',
  summary:
    'A single container in the engine of the host, for one-offs in plays. For services `containers:` of the project file is the better way: with health gates, rollback, images that travel, and secrets that are watched.',
  example: `- package: { name: [docker.io, iptables, busybox-static] }
- name: an image made on the host, for this example only
  command:
    sh: tar -C / -c bin/busybox | docker import --change 'ENTRYPOINT ["/bin/busybox"]' - tool:1
    check: docker image inspect tool:1
- name: run to its end once, and again only when something here changes
  docker_container: { name: migrate, image: "tool:1", command: [echo, migrated], detach: false }
- name: stays
  docker_container:
    name: web
    image: tool:1
    command: [httpd, -f, -p, "8000", -h, /srv]
    ports: ["127.0.0.1:8000:8000"]
    volumes: ["web:/srv:ro"]
    env: { COLOR: blue }
    restart_policy: unless-stopped
    init: true
- docker_container: { name: web-old, state: absent }
`,
  schema: containerSchema,
  name: want => `container ${want.name}`,
  probe: probeContainer,
  read(out, want) {
    const seen = readContainerSeen(out, want)
    if (seen.container !== undefined) mustBeFree(want, seen.container)
    return seen
  },
  diff(want, seen) {
    const { answer, container } = seen
    if (want.state === 'absent')
      return removal(
        'container',
        answer,
        want.keep_volumes ? undefined : `the data in volumes without a name of ${want.name}`,
      )
    if (container === undefined)
      return [{ what: 'container', from: missing(answer), to: want.detach ? want.state : 'run to its end' }]
    const changes = differences(want, seen)
    if (want.recreate && changes.length === 0)
      changes.push({ what: 'container', from: container.status, to: 'made anew' })
    const loses = want.keep_volumes ? {} : { loses: `the data in volumes without a name of ${want.name}` }
    return changes.length > 0 ? changes.map(change => ({ ...loses, ...change })) : stateChanges(want, container)
  },
  verb(want, seen) {
    if (want.state === 'absent') return 'remove'
    if (want.recreate || !want.detach) return 'run'
    if (seen.container === undefined) return 'create'
    if (isMadeAnew(want, seen)) return 'replace'
    return want.state === 'started' ? 'start' : 'stop'
  },
  apply(want, seen) {
    if (want.state === 'absent') return [remove(want)]
    if (isMadeAnew(want, seen) || !want.detach)
      return [withEnvironment(makeAnew(want), secretVariables(want), undefined)]
    return [want.state === 'started' ? startAgain(want) : stop(want)]
  },
  touches: want => [`container:${want.name}`, ...(want.image === undefined ? [] : [`image:${want.image}`])],
  secrets: want => Object.values(want.env).filter(value => value instanceof Secret),
})
