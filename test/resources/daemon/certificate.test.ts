// When a host keeps its engine's certificate and when it gets another one, over certificates made for each row.
import { test } from 'tap'
import { issue, makeAuthority, type Pair } from '../../../cli/certificates/issue.js'
import type { TlsWant } from '../../../core/engine-want.js'
import { UserError } from '../../../core/errors.js'
import { Secret } from '../../../core/secret.js'
import {
  certificateFault,
  certificateWarnings,
  type Issuing,
  namesOf,
  refuseIssuing,
  reissue,
} from '../../../resources/daemon/certificate.js'
import { decide } from '../../../resources/daemon/decide.js'
import type { EngineSeen } from '../../../resources/daemon/seen.js'
import type { EngineWant } from '../../../resources/daemon/want.js'
import { recorded } from '../recorded.js'
import { kindOf } from '../shells.js'

const kind = kindOf('engine_config')
const day = 24 * 60 * 60 * 1000
const ours = await makeAuthority('shop engines', 3650)
const theirs = await makeAuthority('their engines', 3650)
const all = ['web', '192.0.2.1', 'box', '10.0.0.5', 'localhost', '127.0.0.1', 'a.test']
const made = (days: number, names: readonly string[] = all, authority: Pair = ours): Promise<Pair> =>
  issue(authority, { name: 'web', use: 'server', names, days })

const tls: TlsWant = { folder: '/p/pki', days: 90, renewBefore: 30, sans: ['a.test'], clients: [] }

function issuing(known: Partial<Issuing['known']> = {}, place: Partial<TlsWant> = {}, missing?: UserError): Issuing {
  return {
    place: { ...tls, ...place },
    names: ['web', '192.0.2.1'],
    known: { authority: ours.certificate, hasKey: true, ...known },
    ready: () => (missing === undefined ? Promise.resolve() : Promise.reject(missing)),
    issue: () => Promise.resolve({ authority: '', certificate: '', key: new Secret('k', 'kkkk') }),
  }
}

/** A host with this certificate; nothing else of it matters. */
function host(pem: string | undefined, { mode = '0400', authority = ours }: { mode?: string; authority?: Pair } = {}) {
  const seen = kind.read(recorded('engine-26.1'), kind.schema.parse({})) as EngineSeen
  const file = (text: string, bits: string) => ({ sum: text === '' ? '' : 'sum', mode: bits, text })
  const isThere = pem !== undefined
  const files = {
    ...seen.files,
    cert: file(pem ?? '', '0444'),
    ca: file(isThere ? authority.certificate : '', '0444'),
    key: file(isThere && mode !== '' ? 'key' : '', mode),
  }
  return { ...seen, names: ['box', '10.0.0.5'], files }
}

test('why a certificate is issued anew', async t => {
  const good = (await made(90)).certificate
  const short = (await made(20)).certificate
  const rows: [string, Issuing, EngineSeen, RegExp | undefined][] = [
    ['none', issuing(), host(undefined), /^none$/],
    ['kept', issuing(), host(good), undefined],
    ['not read', issuing(), host('nonsense'), /holds none/],
    [
      'of another authority',
      issuing(),
      host((await made(90, all, theirs)).certificate, { authority: theirs }),
      /^of another authority, "their engines" \(SHA-256 [0-9A-F:]{95}\)$/,
    ],
    ['our authority is not here', issuing({ authority: undefined }), host(good), /^of another authority, "shop/],
    ['without its key', issuing(), host(good, { mode: '' }), /^without its key$/],
    ['readable', issuing(), host(good, { mode: '0644' }), /others may read \(mode 0644\)/],
    ['0600 will do', issuing(), host(good, { mode: '0600' }), undefined],
    ['lacks', issuing(), host((await made(90, ['web', 'localhost'])).certificate), /^lacks 192\.0\.2\.1, box, 10\.0/],
    ['late', issuing(), host(short), /^expires in 19 days$/],
    ['early enough', issuing({}, { renewBefore: 10 }), host(short), undefined],
    ['all', issuing({}, { renewBefore: Number.POSITIVE_INFINITY }), host(good), /^expires in 89 days$/],
    ['just made', issuing({ made: good }, { renewBefore: Number.POSITIVE_INFINITY }), host(good), undefined],
    ['late, and no key here', issuing({ hasKey: false }), host(short), undefined],
    ['asked for, and no key', issuing({ hasKey: false }, { renewBefore: Number.POSITIVE_INFINITY }), host(good), /89/],
  ]
  for (const [what, how, seen, why] of rows) {
    const told = reissue(how, seen)
    if (why === undefined) t.equal(told, undefined, what)
    else t.match(told, why, what)
  }
  t.equal(certificateFault(issuing(), host(good), new Date(Date.now() + 91 * day))?.text, 'expired')
  t.match(certificateWarnings(issuing({ hasKey: false }), host(short)), [/expires in 19 days, and cannot be renewed/])
  t.match(certificateWarnings(issuing(), host(good), new Date(Date.now() + 3600 * day)), [
    /the authority .* ends in 4\d days/,
  ])
  t.same(certificateWarnings(issuing(), host(good)), [])

  const young = await makeAuthority('shop engines', 20)
  const last = (await made(90, all, young)).certificate
  t.equal(reissue(issuing({ authority: young.certificate }), host(last)), undefined, 'none outlives its authority')

  const odd = { ...issuing(), names: ['my host', '[2001:db8::1]', 'fe80::1%eth0', '*.shop.test', 'web'] }
  t.same(namesOf(odd, { ...host(good), names: [] }), [
    ...['2001:db8::1', 'fe80::1', '*.shop.test', 'web', 'localhost', '127.0.0.1', 'a.test'],
  ])
  const six = (await made(90, namesOf(odd, host(good)))).certificate
  t.equal(reissue(odd, host(six)), undefined, 'what is issued for these names has them')
})

test('what must not be begun, and what is left alone', async t => {
  const good = (await made(90)).certificate
  const missing = new UserError('the key of the authority /p/pki/ca.crt is not here', { hint: 'bring it', exit: 3 })
  await refuseIssuing(issuing({}, {}, missing), host(good), 'web')
  await t.rejects(refuseIssuing(issuing({}, {}, missing), host(undefined), 'web'), {
    message: /is not here, "shop engines" \(SHA-256 .*\); the certificate of web: none$/,
    hint: 'bring it',
    exit: 3,
  })
  await t.rejects(refuseIssuing(issuing({ authority: undefined }), host(good), 'web'), {
    message: /web has certificates of the authority "shop engines" \(SHA-256 .*\), which is not in \/p\/pki$/,
    hint: /bring that folder/,
  })
  await refuseIssuing(issuing({ authority: undefined }), host(undefined), 'web')

  const files = (want: object, seen: EngineSeen): string[] =>
    decide({ ...(kind.schema.parse({}) as EngineWant), ...want }, seen).targets.map(({ name }) => name)
  t.same(files({}, host(good)), [], "others' certificates at the same place stay")
  const remembered = { ...host(good), memory: { daemon: ['tlscert'], secret: [], project: '' } }
  t.same(files({}, remembered), ['ca', 'cert', 'key'], 'ours go')
  const lost = { issued: { place: () => tls, host: 'web', names: [] }, issuing: issuing() }
  t.same(files(lost, host(undefined)), ['daemon', 'ca', 'cert', 'key', 'memory'])
})
