// Puts the busybox image into a registry by the registry's own API, without any engine.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { busyboxTarball } from './busybox.js'

/** Where a registry is, and what it takes to speak to it. */
export interface RegistryAccess {
  /** `http://10.0.0.1:5000`. */
  url: string
  /** Certificate of its authority, PEM. */
  ca?: string
  login?: { username: string; password: string }
}

interface Answer {
  status: number
  location: string
  body: string
}

const send = (
  { url, ca, login }: RegistryAccess,
  method: string,
  path: string,
  body?: Uint8Array,
  type = 'application/octet-stream',
): Promise<Answer> => {
  const target = new URL(path, url)
  const options = {
    method,
    headers: { 'content-type': type, 'content-length': body?.length ?? 0 },
    ...(ca === undefined ? {} : { ca }),
    ...(login === undefined ? {} : { auth: `${login.username}:${login.password}` }),
  }
  return new Promise((resolve, reject) => {
    const sent = (target.protocol === 'https:' ? httpsRequest : httpRequest)(target, options, response => {
      text(response).then(
        told => resolve({ status: response.statusCode ?? 0, location: response.headers.location ?? '', body: told }),
        reject,
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

const must = (answer: Answer, status: number, what: string): Answer => {
  if (answer.status !== status) throw new Error(`${what}: the registry says ${answer.status} ${answer.body}`)
  return answer
}

async function upload(registry: RegistryAccess, repository: string, bytes: Uint8Array): Promise<object> {
  const digest = digestOf(bytes)
  const { location } = must(await send(registry, 'POST', `/v2/${repository}/blobs/uploads/`), 202, 'upload')
  const place = new URL(location, registry.url)
  place.searchParams.set('digest', digest)
  must(await send(registry, 'PUT', `${place.pathname}${place.search}`, bytes), 201, 'blob')
  return { digest, size: bytes.length }
}

/** True once the registry answers, if only to ask for a login. */
export const registryAnswers = async (registry: RegistryAccess): Promise<boolean> => {
  const answer = await send(registry, 'GET', '/v2/').catch(() => undefined)
  return answer !== undefined && [200, 401].includes(answer.status)
}

/** Pushes busybox as `repository:tag`; two names, or two editions of one, make two images. Gives the manifest's digest. */
export async function pushBusybox(
  registry: RegistryAccess,
  repository: string,
  tag = 'latest',
  edition = '',
): Promise<string> {
  const layer = await readFile(await busyboxTarball())
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: { Cmd: ['sleep', '100000'], Labels: { 'lab.image': `${repository}:${tag}${edition && ` ${edition}`}` } },
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
      history: [{ created: '2020-01-01T00:00:00Z', created_by: 'lab' }],
    }),
  )
  const manifestType = 'application/vnd.docker.distribution.manifest.v2+json'
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: {
      mediaType: 'application/vnd.docker.container.image.v1+json',
      ...(await upload(registry, repository, config)),
    },
    layers: [
      {
        mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
        ...(await upload(registry, repository, gzipSync(layer))),
      },
    ],
  }
  const bytes = Buffer.from(JSON.stringify(manifest))
  must(await send(registry, 'PUT', `/v2/${repository}/manifests/${tag}`, bytes, manifestType), 201, 'manifest')
  return digestOf(bytes)
}
