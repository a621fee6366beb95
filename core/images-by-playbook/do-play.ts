// A play in a container that is to become an image: a run of its own with the container as its one host, by the same rules as any other.
import { parseSelector } from '../config/index.js'
import type { Connection } from '../connection.js'
import type { ContainerAccess } from '../container-hosts/access.js'
import { anyEngine } from '../engine-want.js'
import { likeError, type UserError } from '../errors.js'
import type { Event } from '../events.js'
import type { HostWork } from '../plan/host-work.js'
import type { Play } from '../playbook.js'
import type { Host } from '../project.js'
import { observe } from '../run/observe.js'
import { runPlan } from '../run/run.js'
import type { RunPlan, SessionContext } from '../run/session.js'
import type { Inputs } from './inputs.js'
import type { PlayInContainer } from './recipe.js'

/** Makes a connection of the way into a container. */
type Inside = (host: Host, access: ContainerAccess) => Promise<Connection>

/** Nobody else is in a container that we have just made. */
const owner = { text: 'the making of its image', reason: 'image', isGone: () => true }

/** The container, as the one host of a project that has nothing but this play. */
function contextFor(context: SessionContext, inside: Inside, task: PlayInContainer, play: Play): SessionContext {
  const { recipe, image, access, tell } = task
  const { at } = play
  const host: Host = {
    name: image,
    connection: 'container',
    container: { name: access.container, at },
    address: image,
    user: 'root',
    labels: {},
    groups: [],
    vars: recipe.vars,
    engine: anyEngine(),
    at,
  }
  const { recorder } = recipe
  const emit = (event: Event): void => {
    if (event.type === 'output' || event.type === 'message') tell(event.text)
    else if (event.type === 'step' && event.state === 'done') tell(`${event.verb} ${event.thing}`)
    else if (event.type === 'warning') {
      const { host: _, ...rest } = event
      context.emit(rest)
    }
  }
  return {
    ...context,
    project: {
      ...context.project,
      hosts: [host],
      groups: {},
      playbooks: [{ plays: [play], file: recipe.file, stage: 'before-engine' }],
      secrets: recorder.secrets,
      environment: recorder.environment,
      images: {},
      services: [],
      networks: {},
      volumes: {},
      configs: {},
      secretFiles: {},
    },
    hosts: [host],
    extent: 'hosts',
    connect: () => inside(host, access),
    files: recorder.files,
    emit,
    prune: false,
    tags: [],
  }
}

/** What went wrong in a play is told where the play stands; the step says which image it was for. */
function failed(errors: readonly UserError[], { image, play }: PlayInContainer): void {
  const [error] = errors
  if (error) throw likeError(error, { message: `play "${play.name}" of image ${image}: ${error.message}` })
}

const problemsOf = (plan: RunPlan): UserError[] => plan.works.flatMap(({ problem }) => problem ?? [])

/** Does a play in a running container; gives what it has read of this machine. UserError for the first thing that fails. */
export async function doPlayInside(context: SessionContext, inside: Inside, task: PlayInContainer): Promise<Inputs> {
  const { recipe, play: chosen, key } = task
  const loaded = await chosen.load()
  const play: Play = { ...loaded, hosts: parseSelector('all', loaded.at), serial: [] }
  const inner = contextFor(context, inside, task, play)
  const works: HostWork[] = []
  return recipe.recorder.record(async () => {
    try {
      const plan = await observe(inner, works)
      failed(problemsOf(plan), task)
      if (plan.steps.length === 0 && plan.silent.length === 0) return
      failed((await runPlan(inner, plan, owner)).errors, task)
      context.signal.throwIfAborted()
    } finally {
      for (const { connection } of works) await connection?.close().catch(() => undefined)
    }
  }, key)
}
