// Makes this machine ready for the tests on real hosts: what they call is installed, and an engine runs for the lab's hosts.
import { ensureEngine, ensureTools } from './lab/index.js'

/** Which package brings each program that tests call, beyond what the lab needs for its hosts. */
const tools: Record<string, string> = {
  sshd: 'openssh-server',
  'ssh-keygen': 'openssh-client',
  sudo: 'sudo',
  busybox: 'busybox',
  pgrep: 'procps',
  ip: 'iproute2',
  setpriv: 'util-linux',
  script: 'bsdutils',
}

await ensureTools(tools)
await ensureEngine()
