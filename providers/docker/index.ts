// Engines spoken to over the Engine API, each on its own host: docker itself, and those that speak a dialect of it.
import { type Engine, type Provider, provider } from '../../core/provider.js'
import { applyStep, concludeStep } from './apply/index.js'
import { attachTo, signalTo, streamsOf } from './attach.js'
import { controlStep } from './control/step.js'
import { archiveOf, pathInfo, unpackInto } from './copy/archive.js'
import { readDetection } from './detect.js'
import { type Dialect, dockerDialect } from './dialect.js'
import { diff } from './diff/index.js'
import { downSteps } from './diff/removal.js'
import { enterContainer } from './enter/access.js'
import { execInContainer } from './exec.js'
import { shippedDetails } from './files/details.js'
import { imagesInUse, keepImages } from './images/keep.js'
import { listHostImages } from './images/list.js'
import { commitContainer, imageHistory, nameImage, searchImages } from './images/manage.js'
import { prunable } from './images/prune.js'
import { loadArchive, saveArchive } from './images/transfer.js'
import { listProject } from './list.js'
import { followLogs } from './logs.js'
import { observe } from './observe/observe.js'
import type { Seen } from './observe/seen.js'
import { type DockerEngine, openEngine } from './open.js'
import { runOnce } from './run-once.js'
import { engineKeeper } from './state.js'
import { watchEvents } from './watch/events.js'
import { exitOf, programsOf, publishedOf, tellAll } from './watch/tell.js'
import { usageOf } from './watch/usage.js'

/** Core hands each provider only the engines that it has opened. */
const own = (engine: Engine): DockerEngine => engine as DockerEngine

/** What every dialect can do in the same way. */
const shared = provider<Seen>({
  name: dockerDialect.name,
  needs: dockerDialect.needs,
  scopes: hosts => hosts.map(({ name, engine: { registries } }) => ({ name, hosts: [name], registries })),
  detect: (_engine, folders) => dockerDialect.detect(folders),
  readDetection: out => readDetection(out),
  open: openEngine,
  observe: (engine, wanted, files, signal) => observe('absent' in engine ? engine : own(engine), wanted, files, signal),
  diff,
  details: (engine, planned, context) => shippedDetails(own(engine), planned, context),
  down: downSteps,
  apply: (engine, step, context) => applyStep(own(engine), step, context),
  conclude: (engine, step, how, context) => concludeStep(own(engine), step, how, context),
  list: (engine, project) => listProject(own(engine), project),
  images: engine => listHostImages(own(engine)),
  imageHistory: (engine, ref) => imageHistory(own(engine), ref),
  searchImages: (engine, term, limit) => searchImages(own(engine), term, limit),
  saveImages: (engine, refs, options) => saveArchive(own(engine), refs, options),
  loadImages: (engine, archive, options) => loadArchive(own(engine), archive, options),
  tagImage: (engine, ref, name) => nameImage(own(engine), ref, name),
  commitImage: (engine, container, request) => commitContainer(own(engine), container, request),
  prunable: (engine, rule) => prunable(own(engine), rule),
  imagesInUse: (engine, project) => imagesInUse(own(engine), project),
  keepImages: (engine, project, kept) => keepImages(own(engine), project, kept),
  runOnce: (engine, oneOff, context) => runOnce(own(engine), oneOff, context),
  logs: (engine, container, options) => followLogs(own(engine), container, options),
  enter: (engine, container, signal) => enterContainer(own(engine), container, signal),
  exec: (engine, container, request) => execInContainer(own(engine), container, request),
  attach: (engine, container, request) => attachTo(own(engine), container, request),
  streams: (engine, container) => streamsOf(own(engine), container),
  signal: (engine, container, signal) => signalTo(own(engine), container, signal),
  control: controlStep,
  events: (engine, project, options) => watchEvents(own(engine), project, options),
  top: (engine, container) => programsOf(own(engine), container),
  usage: (engine, container, signal) => usageOf(own(engine), container, signal),
  inspect: (engine, container) => tellAll(own(engine), container),
  wait: (engine, container, signal) => exitOf(own(engine), container, signal),
  published: (engine, container) => publishedOf(own(engine), container),
  pathInfo: (engine, container, path) => pathInfo(own(engine), container, path),
  archiveOf: (engine, container, path, signal) => archiveOf(own(engine), container, path, signal),
  unpackInto: (engine, container, folder, archive, signal) =>
    unpackInto(own(engine), container, folder, archive, signal),
})

/** The provider of a dialect. */
export const engineApiProvider = (dialect: Dialect): Provider<Seen> => {
  const { name, words, needs, forgets, portRules } = dialect
  return {
    ...shared,
    name,
    needs,
    ...(forgets && { forgets }),
    ...(portRules && { portRules }),
    detect: (_engine, folders) => dialect.detect(folders),
    readDetection: out => readDetection(out, words),
    open: (scope, connection, detection, signal) => openEngine(scope, connection, detection, signal, dialect),
  }
}

/** The provider `docker`. */
export const docker: Provider<Seen> = {
  ...engineApiProvider(dockerDialect),
  keeper: engine => engineKeeper(own(engine)),
}
