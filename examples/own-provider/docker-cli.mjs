// @ts-check
// A complete provider in one file: docker, by its command line on the host. It takes what a small project needs, and refuses the rest.
// Start your own from here; `longshore provider test ./docker-cli.mjs` tells whether it does all that a provider must.
import { setTimeout as sleep } from 'node:timers/promises'

/** @typedef {import('longshore/provider').ProviderPlugin<any>} ProviderPlugin */
/** @typedef {import('longshore/provider').ContainerWant} ContainerWant */

const label = { project: 'docker-cli.project', service: 'docker-cli.service', spec: 'docker-cli.spec' }

/** Words of a container that this provider knows. Others are refused: what is left out in silence is a bug. */
const known = [
  ...['image', 'command', 'environment', 'labels', 'ports', 'mounts', 'networks', 'links', 'extraHosts', 'healthcheck'],
  ...['restart', 'stopGraceMs', 'init', 'user', 'workingDir', 'hostname'],
]

/** An error with a hint is told to people as it is; any other one as a fault of this provider. */
const refuse = (text, hint) => Object.assign(new Error(text), { hint })

const quote = word => `'${String(word).replaceAll("'", "'\\''")}'`

/**
 * Runs docker on the host. Values of secrets go by `stdin`, never in the arguments.
 * @param {{ stdin?: string, signal?: AbortSignal, mayFail?: boolean }} [options]
 */
async function docker(engine, args, options = {}) {
  const { stdin, signal, mayFail = false } = options
  const sh = `docker ${args.map(quote).join(' ')}`
  // What is read as a file, as `--env-file` is, must be a pipe: what comes over the connection may be a socket.
  const command = stdin === undefined ? { sh } : { sh: `cat | ${sh}`, stdin }
  const done = await engine.connection.exec(command, { as: 'best', signal })
  engine.stats.requests++
  if (done.code !== 0 && !mayFail) throw refuse(`docker ${args[0]}: ${done.stderr.trim()}`, 'docker refuses it so')
  return done
}

const linesOf = text => text.split('\n').filter(line => line !== '')

/** All containers, or those with a label, as `docker inspect` tells them. */
async function containersOf(engine, project) {
  const { stdout } = await docker(engine, ['ps', '-aq', '--filter', `label=${label.project}=${project}`])
  const ids = linesOf(stdout)
  return ids.length === 0 ? [] : JSON.parse((await docker(engine, ['inspect', ...ids], { mayFail: true })).stdout)
}

const nameOf = found => found.Name.slice(1)

/** What counts for a container, as text for its label: a secret stands there as its fingerprint under the host's key. */
const specOf = (config, key) => {
  const told = value => (typeof value === 'string' ? value : value.fingerprint(key))
  const environment = Object.entries(config.environment).map(([name, value]) => [name, told(value)])
  return JSON.stringify({ ...config, environment: Object.fromEntries(environment) })
}

/** The words in which two specs differ. */
function differences(before, after) {
  const [from, to] = [JSON.parse(before || '{}'), JSON.parse(after)]
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other)
  const differ = (one = {}, other = {}) =>
    [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(name => !same(one[name], other[name]))
  return differ(from, to).flatMap(word =>
    word === 'environment' ? differ(from.environment, to.environment).map(name => `environment.${name}`) : word,
  )
}

/** The arguments of `docker create`. */
function createArguments(name, project, service, { config }, spec) {
  const { ports, mounts, networks, links, extraHosts, healthcheck: health, restart, labels } = config
  const own = { ...labels, [label.project]: project, [label.service]: service, [label.spec]: spec }
  const option = (flag, value) => (value === undefined ? [] : [flag, value])
  const [main] = networks
  return [
    ...['create', '--name', name, '--env-file', '/dev/stdin'],
    ...Object.entries(own).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    ...(main ? ['--network', main.name, ...main.aliases.flatMap(alias => ['--network-alias', alias])] : []),
    ...links.flatMap(({ container, alias }) => ['--link', `${container}:${alias}`]),
    ...extraHosts.flatMap(line => ['--add-host', line]),
    ...ports.flatMap(({ ip, published = '', target, protocol }) => [
      '--publish',
      `${ip ? `${ip}:` : ''}${published}:${target}/${protocol}`,
    ]),
    ...mounts.flatMap(({ type, source, target, readOnly }) => [
      '--mount',
      [
        `type=${type}`,
        ...(source ? [`source=${source}`] : []),
        `target=${target}`,
        ...(readOnly ? ['readonly'] : []),
      ].join(),
    ]),
    ...(health?.test[0] === 'CMD-SHELL' ? ['--health-cmd', health.test[1]] : []),
    ...(health?.test[0] === 'CMD' ? ['--health-cmd', health.test.slice(1).map(quote).join(' ')] : []),
    ...option('--health-interval', health?.intervalMs && `${health.intervalMs}ms`),
    ...option('--health-timeout', health?.timeoutMs && `${health.timeoutMs}ms`),
    ...option('--health-retries', health?.retries),
    ...option('--restart', restart && (restart.max ? `${restart.name}:${restart.max}` : restart.name)),
    ...option('--stop-timeout', config.stopGraceMs && Math.ceil(config.stopGraceMs / 1000)),
    ...(config.init ? ['--init'] : []),
    ...option('--user', config.user),
    ...option('--workdir', config.workingDir),
    ...option('--hostname', config.hostname),
    config.image,
    ...(config.command ?? []),
  ]
}

/** Waits until a container is healthy, or has run for a moment where it has no health check. */
async function settle(engine, name, signal) {
  for (let looks = 0; ; looks++) {
    signal.throwIfAborted()
    const [{ State: state }] = JSON.parse((await docker(engine, ['inspect', name])).stdout)
    if (!state.Running && !state.Restarting) throw refuse(`${name} exited with code ${state.ExitCode}`, 'see its log')
    if (state.Health?.Status === 'unhealthy') throw refuse(`${name} is unhealthy`, 'its health check tells why')
    if (state.Health ? state.Health.Status === 'healthy' : looks >= 2) return
    await sleep(300, undefined, { signal })
  }
}

async function make(engine, { project, want, spec }, signal) {
  const values = Object.entries(want.config.environment)
  const stdin = values
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : value.reveal()}\n`)
    .join('')
  await docker(engine, createArguments(want.name, project, want.service, want, spec), { stdin, signal })
  for (const { name, aliases } of want.config.networks.slice(1))
    await docker(engine, ['network', 'connect', ...aliases.flatMap(alias => ['--alias', alias]), name, want.name])
  await docker(engine, ['start', want.name], { signal })
  await settle(engine, want.name, signal)
}

/** Puts a new container in the place of an old one, which comes back unless the new one is good: also where it is interrupted. */
async function replace(engine, work, signal) {
  const { name } = work.want
  const aside = `${name}-old`
  if (work.half) await docker(engine, ['rm', '-f', name], { mayFail: true })
  else await docker(engine, ['rename', name, aside])
  try {
    await docker(engine, ['stop', aside], { signal })
    await make(engine, work, signal)
  } catch (error) {
    await docker(engine, ['rm', '-f', name], { mayFail: true })
    await docker(engine, ['rename', aside, name])
    await docker(engine, ['start', name])
    throw error
  }
  await docker(engine, ['rm', '-f', '-v', aside])
}

const stepOf = (scope, thing, verb, cause, work, after = []) => ({
  ...{ id: `${scope.name}/${thing}`, host: scope.name, thing, verb, cause, after, work },
  certainty: /** @type {const} */ ('will'),
})

/** @param {ContainerWant} want */
function checkWords(want) {
  const strange = Object.keys(want.config).filter(word => !known.includes(word))
  if (strange.length > 0 || want.portRules || want.gate)
    throw refuse(
      `${want.name} asks for ${strange.join(', ') || 'rules or a gate'}, which docker-cli does not know`,
      'use docker',
    )
}

/** @type {ProviderPlugin} */
export const provider = {
  interface: 1,
  name: 'docker-cli',
  // No playbook brings this engine: it must be there.
  needs: () => [],
  scopes: hosts => hosts.map(({ name }) => ({ name, hosts: [name] })),
  detect: () => ({ sh: 'docker version --format "{{.Server.Version}}" 2>&1; echo "code=$?"' }),
  readDetection: out => ({
    state: out.includes('code=0') ? 'answers' : out.includes('code=127') ? 'not-installed' : 'not-running',
    ...{ socket: '', rootOnly: false, client: true, text: linesOf(out)[0] ?? '', folders: {} },
  }),
  async open(scope, connection, detection) {
    const { state, text } = await detection
    if (state !== 'answers') return { absent: state, text }
    return {
      scope,
      connection,
      about: `docker ${text} by its command line`,
      stats: { requests: 0, waves: 0 },
      close() {},
    }
  },
  async observe(engine, { project, images }) {
    if ('absent' in engine) return { containers: [], networks: [], volumes: [], images: [] }
    const ours = ['--format', '{{.Name}}', '--filter', `label=${label.project}=${project}`]
    const [containers, networks, volumes, ...there] = await Promise.all([
      containersOf(engine, project),
      docker(engine, ['network', 'ls', ...ours]),
      docker(engine, ['volume', 'ls', ...ours]),
      ...images.map(({ ref }) => docker(engine, ['image', 'inspect', '--format', '{{.Id}}', ref], { mayFail: true })),
    ])
    return {
      containers,
      ...{ networks: linesOf(networks.stdout), volumes: linesOf(volumes.stdout) },
      images: images.flatMap(({ ref }, at) => (there[at].code === 0 ? [ref] : [])),
    }
  },
  diff(scope, wanted, seen, { prune }) {
    const { project, key } = wanted
    const steps = []
    let unchanged = 0
    const add = (...args) => void steps.push(stepOf(scope, ...args))
    const made = things =>
      things.map(thing => `${scope.name}/${thing}`).filter(id => steps.some(step => step.id === id))
    for (const { ref, from } of wanted.images) {
      if (from !== 'pull') throw refuse(`${ref} is not pulled, and docker-cli does nothing else`, 'use docker')
      if (!seen.images.includes(ref)) add(`image ${ref}`, 'pull', 'not there', ['pull', ref])
    }
    for (const kind of ['network', 'volume'])
      for (const { name, external } of wanted[`${kind}s`])
        if (!external && !seen[`${kind}s`].includes(name))
          add(`${kind} ${name}`, 'create', 'not there', [
            kind,
            'create',
            '--label',
            `${label.project}=${project}`,
            name,
          ])
        else unchanged++
    // What others wait for, or link to, comes first.
    const before = ({ dependsOn, config }) => [
      ...dependsOn.flatMap(({ on }) => on.map(({ container }) => container)),
      ...config.links.map(({ container }) => container),
    ]
    const open = [...wanted.containers]
    while (open.length > 0) {
      const next = open.findIndex(want => !open.some(({ name }) => before(want).includes(name)))
      const [want] = open.splice(Math.max(next, 0), 1)
      checkWords(want)
      const thing = `container ${want.name}`
      const found = seen.containers.find(one => nameOf(one) === want.name)
      const half = seen.containers.some(one => nameOf(one) === `${want.name}-old`)
      const spec = specOf(want.config, key)
      const work = { project, want, spec, half }
      const after = made([
        `image ${want.config.image}`,
        ...want.config.networks.map(({ name }) => `network ${name}`),
        ...want.config.mounts.map(({ source }) => `volume ${source}`),
        ...before(want).map(name => `container ${name}`),
      ])
      const changed = found ? differences(found.Config.Labels[label.spec], spec) : []
      if (half) add(thing, 'replace', 'an interrupted run left it half replaced', work, after)
      else if (!found) add(thing, 'create', 'not there', work, after)
      else if (changed.length > 0) add(thing, 'replace', `${changed.join(', ')} changed`, work, after)
      else if (!found.State.Running && !found.State.Restarting)
        add(thing, 'start', 'stopped', ['start', want.name], after)
      else unchanged++
    }
    const names = wanted.containers.flatMap(({ name }) => [name, `${name}-old`])
    const orphans = seen.containers.map(nameOf).filter(name => !names.includes(name))
    if (prune)
      for (const name of orphans) add(`container ${name}`, 'remove', 'no longer declared', ['rm', '-f', '-v', name])
    return { steps, orphans: orphans.map(name => `container ${name}`), unchanged, warnings: [] }
  },
  down(scope, _project, { containers, networks, volumes }, options) {
    const remove = (kind, name, args, after) =>
      stepOf(scope, `${kind} ${name}`, 'remove', 'down', [...args, name], after)
    const first = containers.map(nameOf).map(name => remove('container', name, ['rm', '-f', '-v'], []))
    const ids = first.map(({ id }) => id)
    return [
      ...first,
      ...networks.map(name => remove('network', name, ['network', 'rm'], ids)),
      ...(options.volumes ? volumes.map(name => remove('volume', name, ['volume', 'rm'], ids)) : []),
    ]
  },
  async apply(engine, step, { signal }) {
    /** What `diff` gave the step: arguments of docker, or what makes a container. @type {any} */
    const work = step.work
    if (Array.isArray(work)) await docker(engine, work, { signal })
    else if (step.verb === 'replace') await replace(engine, work, signal)
    else
      await make(engine, work, signal).catch(async error => {
        await docker(engine, ['rm', '-f', '-v', work.want.name], { mayFail: true })
        throw error
      })
    return { state: 'done' }
  },
  async list(engine, project) {
    return (await containersOf(engine, project)).map(found => ({
      ...{ host: engine.scope.name, service: found.Config.Labels[label.service], number: 1, name: nameOf(found) },
      ...{ id: found.Id, image: found.Config.Image, state: found.State.Status, status: found.State.Status },
      ...{ ports: Object.keys(found.NetworkSettings.Ports ?? {}), orphan: false },
    }))
  },
  async *logs(engine, container, { tail }) {
    const { stdout } = await docker(engine, ['logs', '--timestamps', '--tail', tail, container])
    for (const line of linesOf(stdout)) {
      const at = line.indexOf(' ')
      yield { time: line.slice(0, at), stream: /** @type {const} */ ('stdout'), text: line.slice(at + 1) }
    }
  },
  async exec(engine, container, { argv, stdout, stderr }) {
    const done = await docker(engine, ['exec', container, ...argv], { mayFail: true })
    stdout.write(done.stdout)
    stderr.write(done.stderr)
    return done.code
  },
}
