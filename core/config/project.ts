// Reads `longshore.yaml` and what belongs to it into a checked Project.
import { basename, dirname, join, resolve } from 'node:path'
import { joinCompose, readCompose } from '../compose/index.js'
import { activeProfiles } from '../compose/profiles.js'
import { withFrontDoor } from '../containers/front-door/service.js'
import { checkPlaysReach } from '../engine-alone/read.js'
import { messageOf } from '../errors.js'
import type { PlaybookUse, Project, RawService } from '../project.js'
import type { Raw } from '../raw.js'
import { check } from './check.js'
import { readDotenv } from './dotenv.js'
import { readHosts } from './hosts.js'
import { peerKeyHint } from './peer-words.js'
import { checkDelegates } from './play/delegates.js'
import { type PlaybookContext, readPlaybook } from './playbook.js'
import { collectProblems, type Problems } from './problems.js'
import { partOf } from './raw.js'
import { fileSchema, nameSchema, type ProjectFile } from './schema.js'
import { createSecrets, type SecretContext } from './secrets.js'
import { readSelector, selectHosts } from './selector.js'
import { checkTemplates } from './syntax.js'
import { pathText, type Wrong } from './words.js'
import { readYaml } from './yaml.js'

/** What reading a project needs of this machine and of the other rooms. */
export interface ConfigContext extends SecretContext, PlaybookContext {
  /** Variables from the command line (--var K=V); stronger than all others. */
  vars: Record<string, string>
}

/** The file without the keys that are the user's own (`x-…`). */
function withoutExtensions(raw: Raw): Raw {
  const { value } = raw
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return raw
  return { ...raw, value: Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('x-'))) }
}

/** An unknown key that is a word of another tool is told with what stands for it. */
function reword({ path, unknown }: Wrong): string | undefined {
  const hint = unknown === undefined ? undefined : peerKeyHint(path)
  if (hint === undefined) return undefined
  const place = pathText(path.slice(0, -1))
  return `unknown key "${unknown}"${place === '' ? '' : ` in ${place}`}: ${hint}`
}

/** What to say of a Compose file in the place of a project file; `name` is the file's own. */
function composeFileText(name: string): string {
  const other = name === 'longshore.yaml' ? 'compose.yaml' : name
  const call = other === name ? '' : `call it ${other}, and `
  return `this is a Compose file: ${call}write a longshore.yaml with \`project: NAME\` and \`compose: [${other}]\``
}

const isComposeFile = ({ value }: Raw): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'services' in value &&
  !['project', 'hosts', 'containers'].some(key => key in value)

function checkFile(text: string, file: string, problems: Problems): { raw: Raw; entries: ProjectFile } {
  const raw = withoutExtensions(readYaml(text, file))
  if (raw.value === null) problems.add('the file is empty; it needs at least `project: NAME`', raw.at)
  // All that else is wrong with it is that it is no project file.
  if (isComposeFile(raw)) problems.add(composeFileText(basename(file)), raw.where(['services'], 'key'))
  problems.throwIfAny()
  const entries = check(fileSchema(), raw, problems, { reword })
  problems.throwIfAny()
  const withVars = ['hosts', 'groups'].flatMap(key =>
    Object.keys(partOf(raw, [key]).value ?? {}).map(name => [key, name, 'vars']),
  )
  for (const path of [['vars'], ...withVars]) checkTemplates(partOf(raw, path), problems)
  return { raw, entries: entries as ProjectFile }
}

const rawEntries = (raw: Raw, key: string, entries: object | null | undefined): Record<string, Raw> =>
  Object.fromEntries(Object.keys(entries ?? {}).map(name => [name, partOf(raw, [key, name])]))

/** The services of `containers:`; one whose profiles are all inactive is noted in `inactive` instead. */
function readServices(
  raw: Raw,
  entries: ProjectFile,
  folder: string,
  isActive: (profiles: readonly string[]) => boolean,
  inactive: Record<string, string[]>,
): RawService[] {
  return Object.entries(entries.containers ?? {}).flatMap(([name, entry]) => {
    const service: RawService = { name, raw: partOf(raw, ['containers', name]), folder }
    const { on, profiles } = entry as { on?: unknown; profiles?: unknown }
    if (Array.isArray(profiles) && !isActive(profiles.map(String))) {
      inactive[name] = profiles.map(String)
      return []
    }
    return on === undefined ? service : { ...service, on: readSelector(partOf(raw, ['containers', name, 'on'])) }
  })
}

async function readPlaybooks(
  raw: Raw,
  entries: ProjectFile,
  folder: string,
  context: ConfigContext,
  problems: Problems,
): Promise<PlaybookUse[]> {
  const uses: PlaybookUse[] = []
  for (const [index, entry] of (entries.playbooks ?? []).entries()) {
    const part = partOf(raw, ['playbooks', index])
    const { play, stage } = typeof entry === 'string' ? { play: entry, stage: undefined } : entry
    const file = resolve(folder, play)
    const text = await context.files.text(file).catch((error: unknown) => {
      problems.add(messageOf(error), typeof entry === 'string' ? part.at : part.where(['play']))
      return undefined
    })
    if (text === undefined) continue
    const use: PlaybookUse = {
      file,
      stage: stage ?? 'before-engine',
      plays: await readPlaybook(text, file, folder, context, problems),
    }
    if (typeof entry !== 'string' && entry.on !== undefined) use.on = readSelector(partOf(part, ['on']))
    uses.push(use)
  }
  return uses
}

const processVariables = (context: ConfigContext): Record<string, string> =>
  Object.fromEntries(
    Object.entries(context.environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )

/** The variables of Compose's interpolation: the process environment before `.env`. */
async function readEnvironment(folder: string, context: ConfigContext): Promise<Record<string, string>> {
  const outside = processVariables(context)
  const file = join(folder, '.env')
  if (!(await context.files.exists(file))) return outside
  return { ...readDotenv(await context.files.text(file), file, outside), ...outside }
}

/** Every selector must name hosts and groups that there are. */
function checkSelectors(project: Project, problems: Problems): void {
  const selectors = [
    ...project.services.map(service => service.on),
    ...project.playbooks.flatMap(use => [use.on, ...use.plays.map(play => play.hosts)]),
  ]
  for (const selector of selectors) if (selector !== undefined) problems.take(() => selectHosts(selector, project))
}

/** Reads a project file (absolute path) with its playbooks and `.env`. Throws one usage error (exit 3) that lists all mistakes. */
export async function loadProject(file: string, context: ConfigContext): Promise<Project> {
  const problems = collectProblems()
  const folder = dirname(file)
  for (const name of Object.keys(context.vars)) {
    const wrong = nameSchema.safeParse(name).error?.issues[0]
    if (wrong !== undefined)
      problems.add(`the variable "${name}" ${wrong.message}`, { file: '--var', line: 1, column: 1 })
  }
  const { raw, entries } = checkFile(await context.files.text(file), file, problems)
  const secrets = createSecrets(entries.secrets ?? {}, partOf(raw, ['secrets']), folder, context)
  const overrides = context.vars
  const environment = await readEnvironment(folder, context)
  const outside = processVariables(context)
  const composed = await readCompose(partOf(raw, ['compose']), entries.compose ?? [], {
    files: context.files,
    problems,
    project: entries.project,
    folder,
    outside,
    environment,
  })
  const { configs, secretFiles, inactive, warnings } = composed
  const isActive = activeProfiles(undefined, environment.COMPOSE_PROFILES)
  const own = {
    services: readServices(raw, entries, folder, isActive, inactive),
    networks: rawEntries(raw, 'networks', entries.networks),
    volumes: rawEntries(raw, 'volumes', entries.volumes),
  }
  const read = readHosts(entries, { raw, problems, secrets, folder, home: context.home, overrides })
  const { hosts, groups } = read
  const block = entries.front_door && { entry: entries.front_door, raw: partOf(raw, ['front_door']) }
  const project: Project = {
    name: entries.project,
    file,
    folder,
    vars: { ...entries.vars, ...overrides },
    hosts,
    groups,
    playbooks: await readPlaybooks(raw, entries, folder, context, problems),
    secrets,
    images: rawEntries(raw, 'images', entries.images),
    ...withFrontDoor(joinCompose(own, composed, problems), block, problems),
    ...(block === undefined ? {} : { frontDoor: block }),
    configs,
    secretFiles,
    inactive,
    warnings: [...warnings, ...read.warnings],
    environment,
  }
  checkSelectors(project, problems)
  checkPlaysReach(project, problems)
  for (const use of project.playbooks) for (const play of use.plays) checkDelegates(play, hosts, problems)
  problems.throwIfAny()
  return project
}
