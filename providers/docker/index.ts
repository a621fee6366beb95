// Docker on each host, spoken to over its Engine API.
import { type Engine, provider } from '../../core/provider.js'
import { applyStep } from './apply/index.js'
import { detectScript, readDetection } from './detect.js'
import { diff } from './diff/index.js'
import { downSteps } from './diff/removal.js'
import { execInContainer } from './exec.js'
import { listHostImages } from './images/list.js'
import { listProject } from './list.js'
import { followLogs } from './logs.js'
import { forgets, needs } from './needs.js'
import { observe } from './observe/observe.js'
import type { Seen } from './observe/seen.js'
import { type DockerEngine, openEngine } from './open.js'
import { portRules } from './port-rules.js'

/** Core hands each provider only the engines that it has opened. */
const own = (engine: Engine): DockerEngine => engine as DockerEngine

/** The provider `docker`. */
export const docker = provider<Seen>({
  name: 'docker',
  needs,
  forgets,
  portRules,
  scopes: hosts => hosts.map(({ name, engine: { registries } }) => ({ name, hosts: [name], registries })),
  detect: (_engine, folders) => detectScript(folders),
  readDetection,
  open: openEngine,
  observe: (engine, wanted, files, signal) => observe('absent' in engine ? engine : own(engine), wanted, files, signal),
  diff,
  down: downSteps,
  apply: (engine, step, context) => applyStep(own(engine), step, context),
  list: (engine, project) => listProject(own(engine), project),
  images: engine => listHostImages(own(engine)),
  logs: (engine, container, options, line) => followLogs(own(engine), container, options, line),
  exec: (engine, container, request) => execInContainer(own(engine), container, request),
})
