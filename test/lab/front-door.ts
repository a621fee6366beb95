// What a front door needs in the lab: an image with Debian's Caddy, and Pebble, an ACME authority that asks as a real one does.
import { spawn } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { busyboxRootfs } from './busybox.js'
import { debianProgram } from './deb.js'
import { freePort } from './ports.js'
import { makeAuthority, makeCertificate, until } from './registry.js'
import { docker, must } from './run.js'

/** Libraries that a program asks for, where they lie here: the same Debian has made it. */
const librariesOf = async (program: string): Promise<string[]> =>
  [...(await must('ldd', [program])).matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path)

/** Makes an image of busybox and Caddy under this name. */
export async function caddyImage(name: string): Promise<void> {
  const program = await debianProgram('caddy', 'usr/bin/caddy')
  const folder = await mkdtemp(join(tmpdir(), 'longshore-caddy-'))
  try {
    const root = join(folder, 'root')
    await mkdir(root)
    await busyboxRootfs(root)
    await copyFile(program, join(root, 'bin', basename(program)))
    for (const library of await librariesOf(program)) {
      await mkdir(join(root, dirname(library)), { recursive: true })
      await copyFile(library, join(root, library))
    }
    await chmod(root, 0o755)
    const archive = join(folder, 'root.tar')
    await must('tar', ['-C', root, '--numeric-owner', '--owner=0', '--group=0', '-cf', archive, '.'])
    await docker(['import', archive, name])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** An ACME authority that runs. */
export interface AcmeAuthority {
  /** Its directory. */
  url: string
  /** File with the certificate of whoever signed for that URL. */
  rootFile: string
  /** The certificate that it signs with in the end, PEM. */
  root(): Promise<string>
  stop(): Promise<void>
}

const ask = (url: string, ca: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { ca }, answer => text(answer).then(resolve, reject))
    sent.on('error', reject)
    sent.end()
  })

/**
 * Starts Pebble on an address of this machine. Every domain leads to that address; it asks there at `httpPort` for what proves that the
 * domain is whose it says.
 */
export async function acmeAuthority(address: string, httpPort: number): Promise<AcmeAuthority> {
  const [pebble, dns] = await Promise.all([
    debianProgram('pebble', 'usr/bin/pebble'),
    debianProgram('pebble', 'usr/bin/pebble-challtestsrv'),
  ])
  const [port, management, dnsPort, dnsManagement] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  const folder = await mkdtemp(join(tmpdir(), 'longshore-acme-'))
  const authority = await makeAuthority(folder, 'lab ACME')
  const own = await makeCertificate(authority, address)
  await writeFile(join(folder, 'own.key'), own.key)
  await writeFile(join(folder, 'own.crt'), own.certificate)
  const config = {
    pebble: {
      listenAddress: `${address}:${port}`,
      managementListenAddress: `${address}:${management}`,
      certificate: join(folder, 'own.crt'),
      privateKey: join(folder, 'own.key'),
      httpPort,
      // Nobody listens there: what is proved is proved over HTTP.
      tlsPort: 1,
    },
  }
  await writeFile(join(folder, 'pebble.json'), JSON.stringify(config))
  const servers = ['-defaultIPv4', address, '-defaultIPv6', '', '-dns01', `127.0.0.1:${dnsPort}`]
  const off = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-management', `127.0.0.1:${dnsManagement}`]
  const children = [
    spawn(dns, [...servers, ...off], { stdio: 'ignore' }),
    spawn(pebble, ['-config', join(folder, 'pebble.json'), '-dnsserver', `127.0.0.1:${dnsPort}`], {
      stdio: 'ignore',
      env: { ...process.env, PEBBLE_VA_NOSLEEP: '1' },
    }),
  ]
  const url = `https://${address}:${port}/dir`
  await until(async () => (await ask(url, authority.ca).catch(() => '')).includes('newOrder'), 'pebble')
  return {
    url,
    rootFile: authority.file,
    root: () => ask(`https://${address}:${management}/roots/0`, authority.ca),
    async stop() {
      const ended = children.map(child => new Promise(resolve => child.once('exit', resolve)))
      for (const child of children) child.kill('SIGKILL')
      await Promise.all(ended)
      await rm(folder, { recursive: true, force: true })
    },
  }
}
