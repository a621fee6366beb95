// Writes projects to disk and reads them as the program does: file, templates, selectors, then what each host shall have.
import { join } from 'node:path'
import type { Test } from 'tap'
import { localFiles } from '../../../cli/files.js'
import { loadProject, resolveSecrets, selectHosts } from '../../../core/config/index.js'
import { checkContainers, type WantedResult, wantedByHost } from '../../../core/containers/index.js'
import { UserError, unreachableError } from '../../../core/errors.js'
import { createScope, interpolateValue, renderValue } from '../../../core/language/index.js'
import type { Host, Project } from '../../../core/project.js'
import type { Raw } from '../../../core/raw.js'
import { createMasker } from '../../../core/secret.js'
import type { ContainerConfig, Wanted } from '../../../core/wanted.js'

/** Files beside the project's, by name; a folder is a map again. */
export type Tree = { [name: string]: string | Tree }

const masker = createMasker()
const environment = { HOME: '/home/me', COLOR: 'blue', DB_PASSWORD: 'swordfish' }

/** Writes a project into a folder of its own and reads it as the program does. */
export async function load(t: Test, yaml: string, tree: Tree = {}): Promise<Project> {
  const folder = t.testdir({ ...tree, 'longshore.yaml': yaml })
  const project = await loadProject(join(folder, 'longshore.yaml'), {
    files: localFiles,
    environment,
    home: '/home/me',
    masker,
    vars: {},
    resourceKinds: [],
    runCommand: async () => ({ code: 127, stdout: '', stderr: '' }),
  })
  await resolveSecrets(project)
  return project
}

/** Renders for a host; what needs `host.` of a host that could not be asked fails as missing facts do. */
const preparing =
  (project: Project, unreachable: readonly string[]) =>
  (raw: Raw, host: Host): unknown => {
    const scope = createScope({ project, host, masker })
    const value = renderValue(interpolateValue(raw.value, raw, project.environment), raw, scope, {
      engineTemplates: true,
    })
    if (unreachable.includes(host.name) && JSON.stringify(raw.value).includes('host.'))
      throw unreachableError(host.name, 'no route')
    return value
  }

/** Checks a project, then asks for what its hosts shall have; hosts in `unreachable` could not be asked for anything. */
export async function result(t: Test, yaml: string, tree?: Tree, unreachable: string[] = []): Promise<WantedResult> {
  const project = await load(t, yaml, tree)
  checkContainers(project, raw => interpolateValue(raw.value, raw, project.environment))
  return wantedByHost(project, {
    prepare: preparing(project, unreachable),
    select: selector => selectHosts(selector, project),
    privateAddress: host =>
      unreachable.includes(host.name) ? undefined : (host.private ?? `10.9.0.${host.name.length}`),
    files: localFiles,
    keyOf: () => new Uint8Array([1, 2, 3]),
    environment: project.environment,
  })
}

/** What one host shall have. */
export const wantedOn = async (t: Test, yaml: string, host: string, tree?: Tree): Promise<Wanted> => {
  const wanted = (await result(t, yaml, tree)).wanted.get(host)
  if (wanted === undefined) throw new Error(`nothing about ${host}`)
  return wanted
}

/** The configuration of a service `app` on this machine, given its YAML lines. */
export async function configOf(t: Test, lines: string, rest = '', tree?: Tree): Promise<ContainerConfig> {
  const service = lines.replace(/^/gm, '    ')
  const wanted = await wantedOn(
    t,
    `project: shop\ncontainers:\n  app:\n    image: app:1\n${service}\n${rest}`,
    local,
    tree,
  )
  const app = wanted.containers.find(container => container.service === 'app')
  if (app === undefined) throw new Error('no container of app')
  return app.config
}

/** How the config reader names this machine where the file has no hosts. */
export const local = 'localhost'

/** Names of a host's containers. */
export const names = (wanted: Wanted | undefined): string[] => wanted?.containers.map(container => container.name) ?? []

/** The error's message with the places of its lines cut to line:column. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const { at, exit, message } = error
    return `${exit} ${at?.line}:${at?.column} ${message.replace(/^\/\S+?longshore\.yaml:/gm, '')}`
  }
  return 'accepted'
}

/** A project's head with three hosts. */
export const threeHosts = `project: shop
hosts:
  web1: { address: 192.0.2.1, labels: { role: web } }
  web2: { address: 192.0.2.2, private: 10.0.0.2, labels: { role: web } }
  db1: { address: 192.0.2.3, private: 10.0.0.3, labels: { role: db } }
`
