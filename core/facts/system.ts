// Facts of the system: distribution, package manager, names, users, security, keys.
import { assignments, numberOf, type Told } from './sections.js'
import type { Facts } from './types.js'

const families: Record<string, string> = {
  ...{ debian: 'debian', ubuntu: 'debian', raspbian: 'debian', linuxmint: 'debian', devuan: 'debian', kali: 'debian' },
  ...{ fedora: 'redhat', rhel: 'redhat', centos: 'redhat', rocky: 'redhat', almalinux: 'redhat', ol: 'redhat' },
  ...{ amzn: 'redhat', openeuler: 'redhat', opensuse: 'suse', suse: 'suse', sles: 'suse', sled: 'suse' },
  ...{ 'opensuse-leap': 'suse', 'opensuse-tumbleweed': 'suse', 'sle-micro': 'suse' },
  ...{ arch: 'arch', archarm: 'arch', manjaro: 'arch', endeavouros: 'arch', alpine: 'alpine', postmarketos: 'alpine' },
}

/** The family of a distribution: debian, redhat, suse, arch or alpine; else what it says it is like, or its own name. */
export function familyOf(id: string, like: string): string {
  const words = [id, ...like.split(' ')].filter(word => word !== '')
  return words.map(word => families[word]).find(family => family !== undefined) ?? words[1] ?? id
}

/** A family's own package managers, the best first: others may be there as mere programs. */
const managers: Record<string, string[]> = {
  ...{ debian: ['apt-get'], redhat: ['dnf', 'yum'], suse: ['zypper'], arch: ['pacman'], alpine: ['apk'] },
}

function managerOf(family: string, found: readonly string[]): string {
  const own = managers[family]?.find(name => found.includes(name)) ?? found[0] ?? ''
  return own === 'apt-get' ? 'apt' : own
}

/** What os-release tells, and the package manager that goes with it. */
export function readSystem(told: Told): Pick<Facts, 'os' | 'package_manager'> {
  const release = assignments(told.file('/etc/os-release'))
  const id = release.ID ?? ''
  const family = familyOf(id, release.ID_LIKE ?? '')
  return {
    os: {
      id,
      version: release.VERSION_ID ?? '',
      codename: release.VERSION_CODENAME ?? '',
      family,
      name: release.PRETTY_NAME ?? '',
    },
    package_manager: managerOf(family, told.value('managers').split(' ').filter(Boolean)),
  }
}

/** The host's names. The full one is what /etc/hosts says, else the name with the domain that resolv.conf names. */
export function readNames(told: Told): Pick<Facts, 'hostname' | 'fqdn' | 'domain'> {
  const hostname = told.value('hostname')
  const short = hostname.split('.')[0] ?? ''
  const listed = told
    .file('/etc/hosts')
    .filter(line => !line.trimStart().startsWith('#'))
    .flatMap(line => line.trim().split(/\s+/).slice(1))
    .find(name => name.startsWith(`${short}.`))
  const [, domain] =
    /^domain\s+(\S+)/.exec(told.file('/etc/resolv.conf').find(line => /^domain\s/.test(line)) ?? '') ?? []
  const fqdn =
    hostname.includes('.') || hostname === ''
      ? hostname
      : (listed ?? (domain === undefined ? hostname : `${hostname}.${domain}`))
  return { hostname, fqdn, domain: fqdn.includes('.') ? fqdn.slice(fqdn.indexOf('.') + 1) : '' }
}

/** The user the script ran as: from `id`, and his line of /etc/passwd. */
export function readUser(told: Told): Pick<Facts, 'uid' | 'user' | 'home' | 'shell' | 'groups'> {
  const id = told.value('id')
  const [, uid, user = ''] = /^uid=(\d+)(?:\(([^)]*)\))?/.exec(id) ?? []
  const groups = /\bgroups=(.*?)(?: context=.*)?$/.exec(id)?.[1] ?? ''
  const line = told.file('/etc/passwd').find(entry => entry.startsWith(`${user}:`))
  const [, , , , , home = '', shell = ''] = line?.split(':') ?? []
  return {
    uid: uid === undefined ? -1 : Number(uid),
    user,
    home: home === '' ? told.value('home') : home,
    shell,
    groups: groups
      .split(',')
      .map(group => /\((.*)\)/.exec(group)?.[1] ?? group)
      .filter(group => group !== ''),
  }
}

/** Time, language, security modules, keys and ids. */
export function readState(
  told: Told,
): Pick<Facts, 'timezone' | 'locale' | 'selinux' | 'apparmor' | 'ssh_host_keys' | 'uptime' | 'boot_id' | 'machine_id'> {
  const locale = assignments([...told.file('/etc/default/locale'), ...told.file('/etc/locale.conf')]).LANG ?? ''
  const enforce = told.first('/sys/fs/selinux/enforce')
  const apparmor = told.first('/sys/module/apparmor/parameters/enabled')
  return {
    timezone: told.first('/etc/timezone') || (/zoneinfo\/(?:posix\/)?(.+)$/.exec(told.value('localtime'))?.[1] ?? ''),
    locale,
    selinux: enforce === '1' ? 'enforcing' : enforce === '0' ? 'permissive' : 'disabled',
    apparmor: apparmor === 'Y' ? 'enabled' : 'disabled',
    ssh_host_keys: [...told.filesBetween('/etc/ssh/ssh_host_', '_key.pub').values()].flatMap(line => {
      const [type, key] = line.split(' ')
      return type && key ? [{ type, key }] : []
    }),
    uptime: numberOf(told.first('/proc/uptime')),
    boot_id: told.first('/proc/sys/kernel/random/boot_id'),
    machine_id: told.first('/etc/machine-id'),
  }
}
