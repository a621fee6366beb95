// Logins of a lab host for the identity scenarios, and a watch over everything on the host that could give their secrets away.
import { readFileSync } from 'node:fs'
import type { LabHost } from '../../lab/index.js'
import { said, stateOf } from '../trouble/trouble-told.js'

interface LoginOptions {
  groups?: string[]
  /** Set with chpasswd; without one the login has no password. */
  password?: string
  /** Lines for a file of its own under /etc/sudoers.d. */
  sudoers?: string[]
}

/** Makes a login that comes in with the lab's key. */
export async function addLogin(host: LabHost, name: string, options: LoginOptions = {}): Promise<void> {
  const { groups = [], password, sudoers = [] } = options
  await host.sh(
    `useradd -m -s /bin/bash ${groups.map(group => `-G ${group}`).join(' ')} ${name}
     install -d -m 700 -o ${name} -g ${name} /home/${name}/.ssh
     cat >/home/${name}/.ssh/authorized_keys
     chown ${name}: /home/${name}/.ssh/authorized_keys`,
    { input: readFileSync(`${host.identity}.pub`), check: true },
  )
  if (password !== undefined) await host.sh('chpasswd', { input: `${name}:${password}\n`, check: true })
  if (sudoers.length > 0)
    await host.sh(`cat >/etc/sudoers.d/${name} && chmod 440 /etc/sudoers.d/${name} && visudo -qc`, {
      input: `${sudoers.join('\n')}\n`,
      check: true,
    })
}

/** All that a run could leave on a host: what `stateOf` sees, the accounts with their groups, and what lies in their homes. */
export async function marksOf(host: LabHost): Promise<string> {
  const more = await said(
    host,
    `getent passwd; getent group; dpkg-query -W | cksum
     find /home /root -printf '%p %m %u %T@\\n' | sort`,
  )
  return `${await stateOf(host)}\n${more}`
}

/** A value in the forms in which it could travel. */
const formsOf = (value: string): string[] => [
  value,
  Buffer.from(value).toString('base64').replace(/=+$/, ''),
  Buffer.from(value).toString('hex'),
]

/** What was found where it must not be; empty when all is well. */
export interface Leaks {
  /** Program arguments and environments of the host's own processes. */
  processes: string[]
  files: string[]
  /** Lines of the journal: sudo writes there what it was told to run. */
  journal: string[]
  /** Engine objects that show it outside a container's own environment. */
  engine: string[]
  /** How often the processes were looked at. */
  looks: number
}

/** Where the engine keeps a container's own environment, which holds the secret because it was asked to. */
const environmentFiles =
  /^\/(var\/lib\/docker\/containers\/[0-9a-f]{64}\/config\.v2\.json|run\/.*\/[0-9a-f]{64}\/config\.json|var\/lib\/containerd\/.*\/meta\.db)$/

/** Looks at all processes over and over; a line for each find: value, file, and whether the process is in a container. */
const watchScript = `
  host=$(readlink /proc/1/ns/pid)
  while [ ! -e /watch/stop ]; do
    grep -aoHsF -f /watch/values /proc/[0-9]*/cmdline /proc/[0-9]*/environ | sort -u | while IFS=: read -r file value; do
      case $(readlink "\${file%/*}/ns/pid") in "$host") there=host;; '') there=gone;; *) there=container;; esac
      printf '%s %s %s\\n' "\${file##*/}" "$there" "$value"
    done >>/watch/finds
    echo >>/watch/looks
    sleep 0.02
  done
  : >/watch/ended`

/** Starts to look at the processes of a host; the function it gives ends that, and searches everything else. */
export async function watch(host: LabHost, password: string, secret: string): Promise<() => Promise<Leaks>> {
  const values = [...formsOf(password), ...formsOf(secret)]
  // The values come by standard input and stay in a file that only the watch reads: it must not find itself.
  await host.sh('rm -rf /watch; mkdir -m 700 /watch; cat >/watch/values', {
    input: `${values.join('\n')}\n`,
    check: true,
  })
  await host.sh(`cat >/watch/script; : >/watch/finds; setsid sh /watch/script >/dev/null 2>&1 </dev/null &`, {
    input: watchScript,
    check: true,
  })
  await host.sh('until [ -s /watch/looks ]; do sleep 0.02; done', { check: true, timeout: 10_000 })

  return async () => {
    await host.sh('touch /watch/stop; until [ -e /watch/ended ]; do sleep 0.02; done', { check: true, timeout: 10_000 })
    const inContainer = formsOf(secret).map(form => `environ container ${form}`)
    const finds = (await said(host, 'sort -u /watch/finds')).split('\n').filter(line => line !== '')
    const found = await said(
      host,
      `cd /; grep -raoHF -f /watch/values etc home root run srv tmp var opt dev/shm usr/local 2>/dev/null | sort -u |
       while IFS=: read -r file value; do printf '/%s %s\\n' "$file" "$value"; done`,
    )
    const mayKnow = (line: string): boolean => {
      const [file = ''] = line.split(' ')
      return environmentFiles.test(file) && line === `${file} ${secret}`
    }
    const journal = await said(host, 'journalctl -a -o cat --no-pager 2>/dev/null | grep -aF -f /watch/values; true')
    const looks = Number(await said(host, 'wc -l </watch/looks'))
    return {
      processes: finds.filter(line => !inContainer.includes(line)),
      files: found.split('\n').filter(line => line !== '' && !mayKnow(line)),
      journal: journal.split('\n').filter(line => line !== ''),
      engine: await engineLeaks(host, values),
      looks,
    }
  }
}

async function engineLeaks(host: LabHost, values: readonly string[]): Promise<string[]> {
  const told = await said(
    host,
    `command -v docker >/dev/null || { echo '[]'; exit 0; }
     docker inspect $(docker ps -aq; docker images -q; docker network ls -q; docker volume ls -q) || echo '[]'`,
  )
  const objects = JSON.parse(told) as { Name?: string; Id?: string; Config?: { Env?: string[] | undefined } }[]
  return objects.flatMap(object => {
    if (object.Config) object.Config.Env = undefined
    const text = JSON.stringify(object)
    return values.some(value => text.includes(value)) ? [`${object.Name ?? object.Id}`] : []
  })
}
