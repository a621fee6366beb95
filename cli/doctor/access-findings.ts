// Who can get at a host's engine and its containers: sockets, certificates, the group, and ports past the firewall.

import { readCertificate } from '../../core/x509.js'
import { isLoopback, readListener, splitHosts } from '../../resources/daemon/listen.js'
import { parseDaemon } from '../../resources/daemon/merge.js'
import { readRules } from '../../resources/network/_port_rules.js'
import { type Finding, first, type Look, ok, problem, warning } from './finding.js'

const day = 86_400_000

/** TCP sockets of the engine that runs, and whether it asks who comes for a certificate. */
function tcpSockets({ engine }: Look): { sockets: { host: string; port: number }[]; verified: boolean } {
  if (typeof engine === 'string') return { sockets: [], verified: false }
  const { hosts: named, tlsverify } = parseDaemon(engine.files.daemon.text) ?? {}
  const hosts = [...splitHosts(engine.argv).hosts, ...(Array.isArray(named) ? named.map(String) : [])]
  const sockets = hosts.flatMap(address => {
    const listener = readListener(address)
    return typeof listener !== 'string' && listener.kind === 'tcp' ? [listener] : []
  })
  const flag = engine.argv.some(word => /^--tlsverify(=(true|1))?$/.test(word))
  return { sockets, verified: flag || tlsverify === true }
}

function sockets(look: Look): Finding[] {
  const { sockets: found, verified } = tcpSockets(look)
  return found.map(({ host, port }) => {
    const text = `tcp://${host}:${port}`
    if (verified) return ok('socket', `${text} asks for a certificate`)
    const hint =
      'engine: { listen: [unix], tls: … } closes it, or asks for certificates; `longshore env HOST` needs neither'
    return isLoopback(host)
      ? warning('socket', `${text} is open to every user and container of the host: who can connect is root`, hint)
      : problem('socket', `${text} is open to everybody: who can connect is root on the host`, hint)
  })
}

/** The usual socket, and whether the login user may use it. */
function group(look: Look): Finding[] {
  const { detection, host, facts } = look
  const [mode = '', owner = '', name = ''] = first(look, 'socket').split(' ')
  if (mode === '') return []
  if (/[2367]$/.test(mode))
    return [
      problem(
        'socket',
        `${detection.socket} may be written by every user of the host`,
        `chmod 660 ${detection.socket}`,
      ),
    ]
  const text = `${detection.socket} is ${owner}:${name} ${mode}`
  const login = host.user ?? facts.user
  if (detection.state !== 'answers' || !detection.rootOnly) return [ok('socket', text)]
  return host.engine.users.includes(login)
    ? [warning('socket', `${text}, and ${login} is not in the group`, '`longshore up` puts it into the group')]
    : [ok('socket', `${text}; ${login} uses it through root`)]
}

function certificates(look: Look): Finding[] {
  const pem = (look.told.get('certificate') ?? []).join('\n')
  if (pem === '') return []
  const certificate = readCertificate(pem)
  const about = 'certificate'
  const hint = '`longshore up` renews it'
  if (certificate === undefined) return [problem(about, 'the one in /etc/docker/tls cannot be read', hint)]
  const left = certificate.until.getTime() - look.asked.until
  const until = certificate.until.toISOString().slice(0, 10)
  const days = `${Math.floor(left / day)} days`
  const mode = typeof look.engine === 'string' ? '' : look.engine.files.key.mode
  const key =
    /^0?[0-7]00$/.test(mode) || mode === '' || mode === '0000'
      ? []
      : [
          problem(
            about,
            `its key has mode ${mode}: others may read it`,
            'chmod 600 /etc/docker/tls/key.pem, then renew: longshore certs renew',
          ),
        ]
  if (left <= 0) return [problem(about, `has run out on ${until}`, hint), ...key]
  const soon = look.host.engine.tls?.renewBefore ?? 14
  return [
    left < soon * day ? warning(about, `runs out in ${days}, on ${until}`, hint) : ok(about, `until ${until}, ${days}`),
    ...key,
  ]
}

/** One published port that is not the host's alone: `0.0.0.0:80->80/tcp` in the words of `docker ps`. */
function openPorts(look: Look): string[] {
  const guarded = new Set(
    readRules((look.told.get('rule') ?? []).join('\n')).map(({ protocol, port }) => `${protocol}/${port}`),
  )
  const found = (look.told.get('published') ?? []).flatMap(line => {
    const [, container = '', ports = ''] = /^(\S+) (.*)$/.exec(line) ?? []
    return ports.split(', ').flatMap(text => {
      const [, address = '', port = '', protocol = ''] = /^(.*):(\d+(?:-\d+)?)->[\d-]+\/(\w+)$/.exec(text) ?? []
      if (port === '' || /^127\.|^\[?::1\]?$/.test(address) || guarded.has(`${protocol}/${port}`)) return []
      return [`${port}/${protocol} of ${container}`]
    })
  })
  return [...new Set(found)]
}

function firewall(look: Look): Finding[] {
  const { firewall: name } = look.detection
  if (name === undefined) return []
  const ports = openPorts(look)
  if (ports.length === 0) return [ok('firewall', `${name} is active, and no published port goes past it unseen`)]
  return [
    warning(
      'firewall',
      `${name} is active, and these ports go past its rules: ${ports.join(', ')}`,
      'say who may reach them (`allow`), or `bind` them to 127.0.0.1',
    ),
  ]
}

/** All that is to be said of who gets in. */
export const accessFindings = (look: Look): Finding[] => [
  ...group(look),
  ...sockets(look),
  ...certificates(look),
  ...firewall(look),
]
