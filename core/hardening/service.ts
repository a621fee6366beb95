// What `harden` makes of a service: settings where it says nothing. What it says itself stands, and what it names in `loosen` is left alone.
import type { Service } from '../containers/schema/service.js'
import type { Loosening } from './loosen.js'
import { memoryLimit } from './memory.js'

/** Of the capabilities that the engine gives to every container: those that ordinary images start and run without. */
export const droppedCapabilities = ['AUDIT_WRITE', 'MKNOD', 'NET_RAW', 'SETFCAP', 'SYS_CHROOT'] as const

/** Folders in memory that come with a root file system that is read-only: most programs write there and nowhere else. */
export const writableFolders = ['/run', '/tmp', '/var/tmp'] as const

const weight = 1024
const processes = 1024
const restarts = 5

/** What bears on a service besides its own words. */
export interface ServiceSurroundings {
  /** Memory of the host in MiB; 0 where it is not known. */
  memoryMb: number
  /** Files are put into its file system before it starts. */
  hasFiles: boolean
}

/** A service with what `harden` adds to it. */
export interface HardenedService {
  value: Service
  /** Fields of the container's spec that were set, as plans call them. */
  fields: string[]
  /** Folders in memory that it gets besides its own mounts. */
  folders: readonly string[]
}

/** A capability without the prefix that the engine leaves out, too. */
const plainCapability = (name: string): string => name.toUpperCase().replace(/^CAP_/, '')

function capDrop({ cap_drop: dropped = [], cap_add: added = [] }: Service): string[] | undefined {
  const [own, wanted] = [dropped.map(plainCapability), added.map(plainCapability)]
  if (own.includes('ALL') || wanted.includes('ALL')) return undefined
  const more = droppedCapabilities.filter(name => !own.includes(name) && !wanted.includes(name))
  return more.length === 0 ? undefined : [...dropped, ...more]
}

const hasPrivilegeWord = ({ security_opt: options = [] }: Service): boolean =>
  options.some(option => option.startsWith('no-new-privileges'))

/** The service as a hardened engine runs it. */
export function hardenService(service: Service, { memoryMb, hasFiles }: ServiceSurroundings): HardenedService {
  const { deploy, restart } = service
  const limits = deploy?.resources?.limits
  const loosened = new Set<Loosening>(service.loosen)
  const value: Service = { ...service }
  const fields: string[] = []
  let folders: readonly string[] = []
  const set = <Key extends keyof Service>(word: Loosening, key: Key, wanted: Service[Key] | undefined): boolean => {
    if (loosened.has(word) || wanted === undefined) return false
    value[key] = wanted
    fields.push(key)
    return true
  }
  if (!hasPrivilegeWord(service))
    set('no_new_privileges', 'security_opt', [...(service.security_opt ?? []), 'no-new-privileges:true'])
  // A privileged container has every capability, whatever is dropped.
  if (service.privileged !== true) set('cap_drop', 'cap_drop', capDrop(service))
  if ((service.pids_limit ?? limits?.pids) === undefined) set('pids_limit', 'pids_limit', processes)
  if ((service.mem_limit ?? limits?.memory) === undefined) {
    const reserved = deploy?.resources?.reservations?.memory ?? service.mem_reservation
    set('memory', 'mem_limit', memoryLimit(memoryMb, reserved))
  }
  if (service.cpu_shares === undefined) set('cpu_shares', 'cpu_shares', weight)
  const isOpen = restart === undefined ? deploy?.restart_policy === undefined : restart.name === 'on-failure'
  if (isOpen && restart?.max === undefined) set('restart', 'restart', { name: 'on-failure', max: restarts })
  if (service.read_only === undefined && !hasFiles && set('read_only', 'read_only', true)) {
    const taken = new Set([...(service.volumes ?? []), ...(service.tmpfs ?? [])].map(({ target }) => target))
    folders = writableFolders.filter(folder => !taken.has(folder))
    if (folders.length > 0) fields.push('volumes')
  }
  return { value, fields, folders }
}
