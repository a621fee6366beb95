// All lab hosts of this machine at once: lists them and removes them, whichever process started them.
import { engineAnswers } from './engine.js'
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
  const filter = owner === undefined ? 'longshore.lab=1' : `longshore.lab.owner=${owner}`
  const format = '{{.Names}}|{{.Label "longshore.lab.owner"}}|{{.Image}}|{{.State}}|{{.Ports}}'
  const lines = (await docker(['ps', '-a', '--filter', `label=${filter}`, '--format', format]))
    .split('\n')
    .filter(Boolean)
  return lines.map(line => {
    const [container = '', of = '', image = '', state = '', ports = ''] = line.split('|')
    const port = Number(/:(\d+)->22\/tcp/.exec(ports)?.[1] ?? 0)
    return { container, name: container.replace(`longshore-lab-${of}-`, ''), owner: of, image, state, port }
  })
}

/** Removes lab hosts with their volumes, of one owner or of all; returns how many. Images and the engine stay. */
export const labDown = async (owner?: string): Promise<number> => {
  const found = await labList(owner)
  if (found.length > 0) await tryDocker(['rm', '-f', '-v', ...found.map(entry => entry.container)])
  return found.length
}
