// All lab hosts of this machine at once: lists them and removes them, whichever process started them.
import { machineLabels as labels } from '../../providers/docker/machines/names.js'
import { engineAnswers } from './engine.js'
import { labProject } from './machines.js'
import { docker, tryDocker } from './run.js'

export interface LabEntry {
  container: string
  name: string
  owner: string
  image: string
  state: string
  /** The loopback port of its sshd; 0 while it is stopped. */
  port: number
}

/** The lab hosts on this machine, of one owner or of all. */
export const labList = async (owner?: string): Promise<LabEntry[]> => {
  if (!(await engineAnswers())) return []
  const wanted = [`${labels.kind}=machine`, `${labels.project}=${labProject}`]
  if (owner !== undefined) wanted.push(`${labels.folder}=${owner}`)
  const columns = ['.Names', `.Label "${labels.host}"`, `.Label "${labels.folder}"`, '.Image', '.State', '.Ports']
  const format = columns.map(column => `{{${column}}}`).join('|')
  const filters = wanted.flatMap(label => ['--filter', `label=${label}`])
  const lines = (await docker(['ps', '-a', ...filters, '--format', format])).split('\n').filter(Boolean)
  return lines.map(line => {
    const [container = '', name = '', of = '', image = '', state = '', ports = ''] = line.split('|')
    return { container, name, owner: of, image, state, port: Number(/:(\d+)->22\/tcp/.exec(ports)?.[1] ?? 0) }
  })
}

/** Removes lab hosts with their volumes, of one owner or of all; returns how many. Images and the engine stay. */
export const labDown = async (owner?: string): Promise<number> => {
  const found = await labList(owner)
  if (found.length > 0) await tryDocker(['rm', '-f', '-v', ...found.map(entry => entry.container)])
  return found.length
}
