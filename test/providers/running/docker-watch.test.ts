// What is read of containers while they run: logs in pieces, counters, events, ports, paths, and details without secrets.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { cpuPercent } from '../../../cli/services/usage.js'
import { readPathInfo } from '../../../providers/docker/copy/archive.js'
import { containerEvent, nanoTime } from '../../../providers/docker/watch/events.js'
import { framedLines, plainLines, splitTime } from '../../../providers/docker/watch/log-frames.js'
import { portAddresses, withoutSecrets } from '../../../providers/docker/watch/tell.js'
import { type StatsShape, usageFrom } from '../../../providers/docker/watch/usage.js'

const fixtures = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..', 'test', 'providers', 'fixtures')

const frame = (stream: 1 | 2, text: string): Buffer => {
  const content = Buffer.from(text)
  const head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(content.length, 4)
  return Buffer.concat([head, content])
}

/** The same bytes, cut anywhere. */
async function* inPieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const all = async (lines: AsyncIterable<{ time: string; stream: string; text: string }>): Promise<string[]> => {
  const texts: string[] = []
  for await (const { time, stream, text } of lines)
    texts.push(`${time.slice(17)} ${stream} ${text.length > 60 ? `${text.length} ${text.slice(-3)}` : text}`)
  return texts
}

const at = (second: number, fraction = ''): string => `2026-01-01T00:00:0${second}${fraction}Z`

test('log lines are put together from pieces, however they come', async t => {
  const long = 'x'.repeat(16_384)
  const bytes = Buffer.concat([
    frame(1, `${at(1, '.5')} one\n`),
    frame(1, `${at(2)} ${long}`),
    frame(2, `${at(3)} aside é\n`),
    frame(1, `${at(4)} ${long}`),
    frame(1, `${at(5)} end\n`),
    frame(1, `${at(6)} \n`),
    frame(2, `${at(7)} open`),
  ])
  const wanted = [
    '01.500000000Z stdout one',
    '03.000000000Z stderr aside é',
    '02.000000000Z stdout 32771 end',
    '06.000000000Z stdout ',
    '07.000000000Z stderr open',
  ]
  for (const size of [1, 7, 8, 1000, bytes.length])
    t.same(await all(framedLines(inPieces(bytes, size))), wanted, `${size}`)

  const plain = Buffer.from(
    `${at(1)} é one\r\n${at(2)} ${long}${at(3)} ${long}${at(4)} end\r\n${at(5)} \r\n${at(6)} open`,
  )
  const wantedPlain = [
    '01.000000000Z stdout é one',
    '02.000000000Z stdout 32771 end',
    '05.000000000Z stdout ',
    '06.000000000Z stdout open',
  ]
  for (const size of [1, 11, 4096, plain.length])
    t.same(await all(plainLines(inPieces(plain, size))), wantedPlain, `${size}`)
  const endless = Buffer.concat(Array.from({ length: 40 }, () => frame(1, `${at(1)} ${long}`)))
  const parts = await all(framedLines(inPieces(endless, 65_536)))
  t.ok(parts.length > 1 && parts.length < 5, 'a line without an end is handed on in parts')
  t.same(splitTime('no time'), undefined)
})

const [, busy = '', stopped = ''] = readFileSync(join(fixtures, 'stats-20.10-v1.txt'), 'utf8').split('\n')

test('counters are read as the docker client reads them', t => {
  const told = JSON.parse(busy) as StatsShape & { precpu_stats: StatsShape['cpu_stats'] }
  const now = usageFrom(told)
  t.match(now, {
    cpu: 1_294_213_805,
    system: 52_034_920_000_000,
    cpus: 2,
    // 21 356 544 less total_inactive_file: the client said 376KiB at that moment.
    memory: 385_024,
    memoryLimit: 67_108_864,
    received: 516,
    sent: 0,
    pids: 1,
  })
  const before = usageFrom({ ...told, cpu_stats: told.precpu_stats })
  t.equal(before && now && cpuPercent(before, now).toFixed(2), '21.81')
  t.equal(usageFrom(JSON.parse(stopped)), undefined, 'of one that does not run')
  // By the words of the client's source, not recorded: cgroup v2, and words of both for reads and writes.
  const v2 = usageFrom({
    ...told,
    cpu_stats: { cpu_usage: { total_usage: 5 }, system_cpu_usage: 9, online_cpus: 4 },
    memory_stats: { usage: 1000, limit: 2000, stats: { inactive_file: 300, anon: 5 } },
    networks: { eth0: { rx_bytes: 1, tx_bytes: 2 }, eth1: { rx_bytes: 10, tx_bytes: 20 } },
    blkio_stats: {
      io_service_bytes_recursive: [
        { op: 'read', value: 1 },
        { op: 'write', value: 2 },
        { op: 'Read', value: 10 },
        { op: 'Write', value: 20 },
        { op: 'Total', value: 99 },
      ],
    },
  })
  t.match(v2, { cpus: 4, memory: 700, received: 11, sent: 22, read: 11, written: 22 })
  t.equal(usageFrom({ ...told, memory_stats: { usage: 10, stats: { inactive_file: 20 } } })?.memory, 10)
  t.equal(usageFrom({ ...told, cpu_stats: { ...told.cpu_stats, online_cpus: 0 } })?.cpus, 2, 'counted where not told')
  t.end()
})

test('events of the project, without labels of ours', t => {
  const labels = {
    'longshore.project': 'shop',
    'longshore.service': 'app',
    'longshore.number': '2',
    'longshore.spec': '{}',
  }
  const told = {
    Type: 'container',
    Action: 'die',
    Actor: { ID: 'abc', Attributes: { ...labels, name: 'shop-app-2', image: 'app', exitCode: '3', own: 'yes' } },
    timeNano: JSON.parse('1767225600000000256') as number,
  }
  t.same(containerEvent(told, 'web1', 'shop'), {
    time: '2026-01-01T00:00:00.000000256Z',
    host: 'web1',
    service: 'app',
    number: 2,
    container: 'shop-app-2',
    id: 'abc',
    action: 'die',
    image: 'app',
    attributes: { exitCode: '3', own: 'yes' },
  })
  t.equal(containerEvent(told, 'web1', 'other'), undefined)
  t.equal(containerEvent({ ...told, Type: 'network' }, 'web1', 'shop'), undefined)
  t.equal(nanoTime(0), '1970-01-01T00:00:00.000000000Z')
  t.end()
})

test('ports, paths and details', t => {
  const both = [
    { HostIp: '0.0.0.0', HostPort: '8080' },
    { HostIp: '::', HostPort: '8080' },
  ]
  t.same(portAddresses({ '443/tcp': [{ HostIp: '::1', HostPort: '444' }], '80/tcp': both, '53/udp': null }), {
    '80/tcp': ['0.0.0.0:8080'],
    '443/tcp': ['[::1]:444'],
  })
  const header = (mode: number, more = {}): string =>
    Buffer.from(JSON.stringify({ name: 'x', mode, linkTarget: '', ...more })).toString('base64')
  t.same(
    [0o644, 2_147_484_141, 134_218_239, 67_108_864 + 2_097_152].map(mode => readPathInfo(header(mode)).kind),
    ['file', 'folder', 'link', 'other'],
  )
  t.same(readPathInfo(header(134_218_239, { linkTarget: '/etc/y' })), { name: 'x', kind: 'link', target: '/etc/y' })
  const spec = JSON.stringify({ environment: { PW: { secret: 'hmac-sha256:1' }, COLOR: 'red' } })
  const details = {
    Id: 'a',
    Config: { Env: ['PW=hunter22=x', 'COLOR=red', 'PATH=/bin', 'odd'], Labels: { 'longshore.spec': spec } },
  }
  t.same((withoutSecrets(details).Config as { Env: string[] }).Env, ['PW=(secret)', 'COLOR=red', 'PATH=/bin', 'odd'])
  t.same((withoutSecrets({ Id: 'b' }).Config as { Env: string[] }).Env, [])
  t.end()
})
