// A host as `doctor` sees it: healthy but for what a test gives, through the readers of the real answers.
import { readRest } from '../../cli/doctor/ask.js'
import type { Look } from '../../cli/doctor/finding.js'
import { anyEngine, type EngineWant } from '../../core/engine-want.js'
import { readFacts } from '../../core/facts.js'
import type { Host } from '../../core/project.js'
import { readDetection } from '../../providers/docker/detect.js'
import { readEngine } from '../../resources/daemon/seen.js'

/** The moment at which hosts are looked at. */
export const now = Date.parse('2026-05-05T12:00:00Z')
/** Bytes. */
export const gib = 1024 ** 3

const host = (engine: Partial<EngineWant> = {}): Host => ({
  name: 'web1',
  connection: 'ssh',
  address: 'web1',
  user: 'deploy',
  labels: {},
  groups: [],
  vars: {},
  engine: { ...anyEngine(), ...engine },
  at: { file: 'longshore.yaml', line: 1, column: 1 },
})

/** What differs from a healthy host. */
export interface Answers {
  engine?: Partial<EngineWant>
  user?: { uid: number; name: string }
  available?: number
  detection?: string
  told?: string
  version?: string
  daemon?: string
  unit?: string
  argv?: string[]
  info?: Record<string, unknown>
  more?: string
  unread?: string
  state?: Partial<Look['state']>
  rules?: Look['rules']
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** What the engine's detection prints where all is well. */
export const healthy =
  'socket=/var/run/docker.sock\nuid=0\nlogin=root\ngroups=root\nexists=yes\ngroup=docker\nwritable=yes\nlistening=yes\ndockerd=yes\npackage=docker.io\nclient=yes'
const unit =
  '# /lib/systemd/system/docker.service\n[Service]\nExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock\n'

/** A host as it answers: all is well but for what is given. */
export function look(given: Answers): Look {
  const daemon = given.daemon === undefined ? '' : `daemon=${base64(given.daemon)}\ndaemon_sum=abc\ndaemon_mode=644\n`
  const info = {
    Driver: 'overlay2',
    CgroupDriver: 'systemd',
    CgroupVersion: '2',
    DockerRootDir: '/var/lib/docker',
    ...given.info,
  }
  const argv = given.argv ?? ['/usr/sbin/dockerd', '-H', 'fd://', '--containerd=/run/containerd/containerd.sock']
  const engine = `dockerd=/usr/sbin/dockerd
version=Docker version ${given.version ?? '26.1.5+dfsg1'}, build a72d7cd
init=systemd
unit=${base64(given.unit ?? unit)}
${daemon}running=yes
argv=${base64(`${argv.join('\0')}\0`)}
info=${base64(JSON.stringify(info))}
${given.more ?? ''}
end
`
  const mount = {
    device: '/dev/sda1',
    type: 'ext4',
    options: [],
    size: 100 * gib,
    available: given.available ?? 50 * gib,
  }
  return {
    host: host(given.engine),
    facts: {
      ...readFacts(''),
      uid: given.user?.uid ?? 0,
      user: given.user?.name ?? 'root',
      init: 'systemd',
      mounts: [
        { ...mount, path: '/', available: 90 * gib },
        { ...mount, path: '/var/lib/docker' },
      ],
    },
    state: { serial: '', pending: [], ...given.state },
    detection: readDetection(given.detection ?? healthy),
    engine: given.unread ?? readEngine(engine),
    told: readRest(`now=${now / 1000}\nsocket=660 root docker\ninotify=3 128\n${given.told ?? ''}`),
    asked: { from: now - 100, until: now + 900 },
    rules: given.rules ?? 'none',
  }
}
