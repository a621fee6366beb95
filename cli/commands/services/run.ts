// `longshore run`: one command in a container of its own, made as a service's are, with this terminal where there is one.
import { UserError, usageError } from '../../../core/errors.js'
import { suggestion } from '../../../core/language/index.js'
import type { Project } from '../../../core/project.js'
import { type Engine, isAbsent } from '../../../core/provider.js'
import type { EngineSide } from '../../../core/run/engine-side.js'
import { observe } from '../../../core/run/observe.js'
import { onlyNeedsOf } from '../../../core/run/only-services.js'
import { runPlan } from '../../../core/run/run.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { command } from '../../command.js'
import type { CommandContext } from '../../context.js'
import { ownerFor } from '../../lock-owner.js'
import { forOneOff, type OneOffWish, oneOffWant } from '../../one-off/want.js'
import { isInteractive, onResize, sizeOf, withRawKeys } from '../../raw-terminal.js'
import { problemsOf, type Session, showErrors, withSession } from '../../session.js'

function checkService({ services, inactive }: Project, name: string): void {
  if (services.some(service => service.name === name)) return
  const profiles = inactive[name]
  if (profiles !== undefined)
    throw usageError(`the service "${name}" is not active: it belongs to the profile ${profiles.join(', ')}`, {
      hint: `COMPOSE_PROFILES=${profiles[0]} makes it so`,
    })
  const names = services.map(service => service.name)
  throw usageError(`there is no service "${name}"${suggestion(name, names)}`)
}

/** Where the service runs, and how: on the named host, or on the only one. */
function choosePlace({ plan }: Session, service: string, host: string | undefined): [EngineSide, ContainerWant] {
  const places = plan.sides.flatMap((side): [EngineSide, ContainerWant][] => {
    const want = side.wanted?.containers.find(container => container.service === service)
    return want === undefined ? [] : [[side, want]]
  })
  const hosts = places.map(([side]) => side.scope.name)
  const meant = places.filter(([side]) => host === undefined || side.scope.name === host)
  const [first] = meant
  if (first !== undefined && meant.length === 1) return first
  const [problem] = problemsOf(plan)
  if (places.length === 0 && problem) throw problem
  if (places.length === 0) throw usageError(`${service} runs on none of these hosts`, { hint: 'widen --on' })
  if (host === undefined)
    throw usageError(`${service} runs on ${hosts.join(', ')}: say on which of them`, {
      hint: `longshore run --host ${hosts[0]} ${service} …`,
    })
  throw usageError(`${service} does not run on ${host}`, { hint: `it runs on ${hosts.join(', ')}` })
}

/** Does what the container needs first; gives the exit code where that did not go well. */
async function prepare(
  context: CommandContext,
  { context: session, plan }: Session,
  place: { host: string; service: string; dependencies: boolean },
): Promise<number | undefined> {
  const { host, service } = place
  const needs = onlyNeedsOf(plan, host, service, place.dependencies)
  if (needs.steps.length === 0) return undefined
  const things = needs.steps.map(({ verb, thing }) => `${verb} ${thing}`)
  const told = things.length > 5 ? [...things.slice(0, 4), `${things.length - 4} more`] : things
  if (!(await context.confirm(`${service} needs this first: ${told.join(', ')}. Do it?`))) {
    context.emit({ type: 'note', text: 'Nothing was changed.' })
    return 1
  }
  const { exit, errors } = await runPlan(session, needs, ownerFor(`run ${service}`))
  await showErrors(context, errors)
  return exit === 0 ? undefined : exit
}

const openedOn = ({ opened, scope }: EngineSide): Engine => {
  if (opened !== undefined && !isAbsent(opened)) return opened
  throw new UserError(opened?.text ?? 'its engine does not answer', {
    where: scope.name,
    hint: '`longshore up` brings it',
  })
}

async function converse(
  context: CommandContext,
  session: Session,
  [side, want]: [EngineSide, ContainerWant],
  keep: boolean,
): Promise<number> {
  const { io } = context
  const { provider, wanted, work } = side
  const engine = openedOn(side)
  const run = provider.runOnce?.bind(provider)
  if (!run) throw new UserError(`${provider.name} cannot run single containers`, { where: side.scope.name })
  const tty = want.config.tty === true
  const streams = { tty, stdin: io.stdin, stdout: io.stdout, stderr: io.stderr }
  const key = work.state.key ?? wanted?.key ?? new Uint8Array()
  const { signal, files, emit } = session.context
  const engineOf = async (host: string): Promise<Engine> => {
    const other = session.plan.sides.find(({ scope }) => scope.name === host)
    if (other === undefined) throw new UserError('its engine is not part of this run', { where: host })
    return openedOn(other)
  }
  const apply = { emit, signal, files, prune: false, engineOf }
  const oneOff = { project: session.context.project.name, key, want, keep }
  // Whatever is drawn ends here: from now on the terminal is the program's.
  await (await context.report()).end()
  if (!tty) return run(engine, { ...oneOff, streams }, apply)
  return withRawKeys(io, () =>
    run(
      engine,
      { ...oneOff, streams: { ...streams, size: sizeOf(io), onResize: listener => onResize(io, listener) } },
      apply,
    ),
  )
}

export const run = command({
  name: 'run',
  summary: 'run one command in a container of its own, made as the service says',
  arguments: {
    service: { text: 'the service', need: 'one' },
    command: { text: "after `--`: the program and its arguments; the service's own if left out", need: 'many' },
  },
  options: {
    rm: { flags: '--rm', text: 'remove the container when it has ended: so it is anyway', kind: 'flag' },
    keep: { flags: '--keep', text: 'leave the container when it has ended', kind: 'flag' },
    env: { flags: '-e, --env <name=value>', text: 'set a variable, or pass on the one of here', kind: 'list' },
    entrypoint: { flags: '--entrypoint <program>', text: "in place of the service's", kind: 'value' },
    user: { flags: '-u, --user <user>', text: 'as this user of the container', kind: 'value' },
    workdir: { flags: '-w, --workdir <folder>', text: 'in this folder of the container', kind: 'value' },
    volume: { flags: '-v, --volume <volume>', text: 'one more volume, as in `volumes:`', kind: 'list' },
    publish: { flags: '-p, --publish <port>', text: 'publish a port, as in `ports:`', kind: 'list' },
    servicePorts: { flags: '--service-ports', text: "publish the service's own ports", kind: 'flag' },
    noDeps: { flags: '--no-deps', text: 'do not start what it depends on', kind: 'flag' },
    name: { flags: '--name <name>', text: "the container's name", kind: 'value' },
    host: { flags: '--host <name>', text: 'on this host, where the service has several', kind: 'value' },
    noTty: { flags: '-T, --no-tty', text: 'without a terminal', kind: 'flag' },
  },
  async run(context, given) {
    const { service, command: argv, env, entrypoint, user, workdir, publish, servicePorts, name, host } = given
    checkService(await context.project(), service)
    const tty = !given.noTty && isInteractive(context.io)
    const wish: OneOffWish = { argv, env, entrypoint, user, workdir, publish, servicePorts, name, tty }
    return withSession(
      context,
      { extent: 'all', prune: false },
      async session => {
        const [side, own] = choosePlace(session, service, host)
        const want = oneOffWant(session.context.project.name, own, wish, context.env)
        const dependencies = !given.noDeps
        const bad = await prepare(context, session, { host: side.scope.name, service, dependencies })
        if (bad !== undefined) return bad
        return converse(
          context,
          session,
          [side, dependencies ? want : { ...want, dependsOn: [] }],
          given.keep && !given.rm,
        )
      },
      (session, works) => observe({ ...session, project: forOneOff(session.project, service, given.volume) }, works),
    )
  },
})
