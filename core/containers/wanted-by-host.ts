// From the project to what each host's engine shall have: reads, places and builds the normal form.
import { collectProblems } from '../config/problems.js'
import type { LocalFiles } from '../files.js'
import type { Host, Project, Warning } from '../project.js'
import type { ContainerWant, Wanted } from '../wanted.js'
import { containersOf } from './container.js'
import { engineThings } from './engine-things.js'
import { doorOf } from './front-door/door.js'
import { frontDoorService } from './front-door/want.js'
import { imagesByHost } from './images.js'
import { placeServices } from './place.js'
import type { Read } from './read.js'
import { checkCycles, checkReferences } from './references.js'
import type { Run, Trouble, WantedContext } from './run.js'
import { collide } from './schema/ports.js'
import type { Service } from './schema/service.js'
import type { Places } from './shares.js'

/** What the file wants, and what has to be said about it. */
export interface WantedResult {
  /** One for each host of the project, by host name. */
  wanted: Map<string, Wanted>
  /** Services that cannot run on a host because another one could not be reached. Their containers are missing in `wanted`: nothing of theirs may be removed. */
  problems: Trouble[]
  warnings: Warning[]
}

/** Reads each file once, however many hosts need it. */
function remembered(files: LocalFiles): LocalFiles {
  const once = <T>(read: (path: string) => Promise<T>): ((path: string) => Promise<T>) => {
    const answers = new Map<string, Promise<T>>()
    return path => {
      const answer = answers.get(path) ?? read(path)
      answers.set(path, answer)
      return answer
    }
  }
  return {
    exists: once(path => files.exists(path)),
    stat: once(path => files.stat(path)),
    text: once(path => files.text(path)),
    textNow: path => files.textNow(path),
    bytes: path => files.bytes(path),
    stream: path => files.stream(path),
    list: path => files.list(path),
  }
}

/** Names and ports that two containers of one host would both take. */
function checkCollisions({ mistakes }: Run, host: Host, containers: readonly ContainerWant[], places: Places): void {
  for (const [index, container] of containers.entries())
    for (const other of containers.slice(0, index)) {
      const where = places.get(container.service)?.raw.raw
      if (container.name === other.name)
        mistakes.add(
          `${container.service}: ${host.name} would have two containers named ${container.name}`,
          where?.where(['container_name']) ?? container.at,
        )
      const taken = container.config.ports.find(port => other.config.ports.some(theirs => collide(port, theirs)))
      if (taken !== undefined)
        mistakes.add(
          `${container.service}: port ${taken.published} of ${host.name} is published by ${other.name} and by ${container.name}`,
          where?.where(['ports'], 'key') ?? container.at,
        )
    }
}

const readsOf = (places: Places): Read<Service>[] =>
  [...places.values()].flatMap(({ shares }) => shares.flatMap(share => share.read ?? []))

/**
 * What every host's engine shall have. Throws one usage error that lists all mistakes in the file; a host that could not be reached is no
 * mistake, but a problem of the services that need to know it.
 */
export async function wantedByHost(project: Project, context: WantedContext): Promise<WantedResult> {
  const files = remembered(context.files)
  const run: Run = {
    project,
    context: { ...context, files },
    mistakes: collectProblems(),
    troubles: [],
    warnings: [...project.warnings],
  }
  const places = placeServices(run)
  const reads = readsOf(places)
  for (const read of reads) checkReferences(read, project, run.mistakes)
  checkCycles(reads, run.mistakes)
  run.mistakes.throwIfAny()

  const images = await imagesByHost(run, places)
  const wanted = new Map<string, Wanted>()
  for (const host of project.hosts) {
    const things = engineThings(run, host)
    const work = { run, places, things, imageRef: (read: Read<Service>) => images.refFor(host, read) }
    const containers: ContainerWant[] = []
    const dealt: string[] = []
    for (const [service, { shares, idle }] of places) {
      if (idle.includes(host.name)) dealt.push(service)
      for (const share of shares) {
        if (share.host.name !== host.name || share.read === undefined) continue
        const own = await containersOf(work, share.read, share)
        if (own.length > 0) dealt.push(service)
        containers.push(...own)
      }
    }
    const door = await doorOf(run, host, places)
    for (const container of containers) if (door && container.service === frontDoorService) container.door = door
    checkCollisions(run, host, containers, places)
    wanted.set(host.name, {
      project: project.name,
      key: context.keyOf(host),
      images: images.wants(host),
      networks: things.networks(),
      volumes: things.volumes(),
      containers,
      dealt,
    })
  }
  run.mistakes.throwIfAny()
  return { wanted, problems: run.troubles, warnings: run.warnings }
}
