// Facts of the machine: processors, memory, disks, mounts, and what it runs in.
import { mostEntries, numberOf, type Told } from './sections.js'
import type { Disk, Facts, Mount } from './types.js'

/** How many numbers a list like "0-3,5" holds. */
const countOf = (list: string): number =>
  list
    .split(',')
    .filter(part => /^\d+(-\d+)?$/.test(part))
    .map(part => part.split('-').map(Number))
    .reduce((sum, [from = 0, to = from]) => sum + to - from + 1, 0)

const inMb = (kilobytes: number): number => Math.round(kilobytes / 1024)

/** Processors and memory. */
export function readMachine(told: Told): Pick<Facts, 'cpu' | 'cpus' | 'memory' | 'memory_mb'> {
  const count = countOf(told.first('/sys/devices/system/cpu/online')) || numberOf(told.value('cpus'))
  const sizes = new Map(
    told.file('/proc/meminfo').map(line => {
      const [name = '', size = ''] = line.split(':')
      return [name, numberOf(size.trim())]
    }),
  )
  const mb = (name: string): number => inMb(sizes.get(name) ?? 0)
  return {
    cpus: count,
    cpu: { model: told.value('cpu').replace(/\s+/g, ' '), count },
    memory_mb: mb('MemTotal'),
    memory: {
      total: mb('MemTotal'),
      free: mb('MemFree'),
      available: mb('MemAvailable'),
      swap: mb('SwapTotal'),
      swap_free: mb('SwapFree'),
    },
  }
}

const sectorBytes = 512

const noDisk = /^(loop|z?ram|sr|fd)\d/

/** Block devices of some size, without loop devices, RAM disks and drives for removable disks. */
export function readDisks(told: Told): Disk[] {
  const models = told.filesBetween('/sys/block/', '/device/model')
  const rotational = told.filesBetween('/sys/block/', '/queue/rotational')
  return [...told.filesBetween('/sys/block/', '/size')].flatMap(([name, sectors]) => {
    const size = numberOf(sectors) * sectorBytes
    return size === 0 || noDisk.test(name)
      ? []
      : [{ name, size, model: models.get(name) ?? '', rotational: rotational.get(name) === '1' }]
  })
}

/** The kernel writes blanks in paths as \040. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/** Mounted file systems with their sizes; of two on one path the later one, which hides the other. */
export function readMounts(told: Told): Mount[] {
  const sizes = new Map<string, { size: number; available: number }>()
  for (const line of told.lines('df')) {
    const [, size = '', available = '', path = ''] = /\s(\d+)\s+\d+\s+(-?\d+)\s+\S+\s+(\/.*)$/.exec(line) ?? []
    if (path !== '') sizes.set(path, { size: Number(size) * 1024, available: Math.max(0, Number(available)) * 1024 })
  }
  const mounts = new Map<string, Mount>()
  for (const line of told.file('/proc/mounts').slice(0, mostEntries)) {
    const [device = '', path = '', type = '', options = ''] = line.split(' ').map(unescaped)
    if (path === '' || /^\/(dev|proc|sys)(\/|$)/.test(path)) continue
    const { size, available } = sizes.get(path) ?? { size: 0, available: 0 }
    mounts.set(path, { device, path, type, options: options.split(','), size, available })
  }
  return [...mounts.values()]
}

/** What a machine's maker is called where it is a virtual one; without systemd-detect-virt this must do. */
const makers: readonly [RegExp, string][] = [
  [/^(QEMU|KVM|Red Hat|Amazon EC2|Google|DigitalOcean|Hetzner|OpenStack)/i, 'kvm'],
  [/^VMware/i, 'vmware'],
  [/^(innotek|VirtualBox)/i, 'oracle'],
  [/^Microsoft Corporation Virtual/i, 'microsoft'],
  [/^Xen/i, 'xen'],
  [/^Parallels/i, 'parallels'],
]

/** What the machine is, and what it runs in. */
export function readKind(told: Told): Pick<Facts, 'virtualisation' | 'machine'> {
  const vendor = told.first('/sys/class/dmi/id/sys_vendor')
  const product = told.first('/sys/class/dmi/id/product_name')
  const said = told.lines('virtualisation')[0]?.trim() || told.first('/run/systemd/container')
  const guessed = makers.find(([maker]) => maker.test(`${vendor} ${product}`) || maker.test(product))?.[1]
  return { virtualisation: said || (guessed ?? 'none'), machine: { vendor, product } }
}
