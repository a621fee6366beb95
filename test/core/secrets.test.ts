// Secrets in foreign output: encoded with something around them, broken into lines, cut off in the middle.
import { randomBytes } from 'node:crypto'
import { test } from 'tap'
import { cleanLine } from '../../core/events.js'
import { createMasker, Secret } from '../../core/secret.js'

const maskerOf = (value: string): ReturnType<typeof createMasker> => {
  const masker = createMasker()
  masker.add(new Secret('T', value))
  return masker
}

/** What a reader could win back from base64 that was left in a text. */
const readable = (text: string): string[] =>
  (text.match(/[\w+/-]+/g) ?? []).flatMap(run =>
    [0, 1, 2, 3].map(phase => Buffer.from(run.slice(phase), 'base64').toString('latin1')),
  )

/** Whether so many bytes of the value in a row stand in one of the texts. */
function shows(value: string, texts: readonly string[], length: number): boolean {
  const bytes = Buffer.from(value).toString('latin1')
  for (let at = 0; at + length <= bytes.length; at++)
    if (texts.some(text => text.includes(bytes.slice(at, at + length)))) return true
  return false
}

const wrapped = (text: string, width: number): string[] => text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []

test('a secret that a host encodes with something before and after it does not show', t => {
  for (const value of [
    'hunter2-hunter3',
    'Tr0ub4dor&3 "ö"',
    randomBytes(45).toString('base64'),
    'line one\nline two\n',
  ])
    for (const before of ['', 'u', 'us', 'user:', 'x'.repeat(70)])
      for (const after of ['', '\n', '@host:5432/db'])
        for (const encoding of ['base64', 'base64url', 'hex'] as const) {
          const masked = maskerOf(value).mask(`${Buffer.from(before + value + after).toString(encoding)}`)
          t.match(masked, /\(secret T\)/, `${encoding} of ${before}…${after}`)
          const left =
            encoding === 'hex'
              ? [Buffer.from(masked.replace(/\(secret T\)/g, ''), 'hex').toString('latin1')]
              : readable(masked)
          t.notOk(shows(value, left, 3), `${encoding} of ${before}…${after}: ${masked}`)
        }
  t.match(maskerOf('hunter2').mask(Buffer.from('hunter2').toString('hex').toUpperCase()), /^\(secret T\)$/)
  t.end()
})

test('a long secret that a host encodes over many lines does not show on any of them', t => {
  const key = `-----BEGIN KEY-----\n${wrapped(randomBytes(600).toString('base64'), 64).join('\n')}\n-----END KEY-----`
  const masker = maskerOf(key)
  for (const width of [60, 64, 76, 100])
    for (const before of ['', 'a', 'ab', 'user:']) {
      const lines = wrapped(Buffer.from(`${before}${key}\n`).toString('base64'), width)
      const masked = lines.map(masker.mask)
      t.notOk(shows(key, masked.flatMap(readable), 12), `in lines of ${width}, after "${before}"`)
    }
  for (const line of key.split('\n')) t.equal(masker.mask(`| ${line}`), '| (secret T)', 'its own lines are known, too')
  const harmless = `${randomBytes(300).toString('base64')} /usr/lib/x86_64-linux-gnu/libc.so.6 ${'0123456789abcdef'.repeat(4)}`
  t.equal(masker.mask(harmless), harmless, 'what only looks like it stays')
  t.end()
})

test('a secret at the end of a line that was cut does not show its beginning', t => {
  const value = 'correct horse battery staple'
  const masker = maskerOf(value)
  for (let before = 370; before < 398; before++) {
    const cut = cleanLine(`${'x'.repeat(before)}${value} and more`)
    t.match(cut, /…$/)
    const masked = masker.mask(`first\n${cut}\nlast`)
    t.notMatch(masked, /corr?/, `cut after ${400 - before} letters`)
    t.match(masked, /^first\nx+\(secret T\).*\nlast$/)
  }
  t.equal(masker.mask('create file … done'), 'create file … done')
  t.equal(
    maskerOf('a\tb\u0007cd').mask(`it is ${cleanLine('a\tb\u0007cd')}`),
    'it is (secret T)',
    'cleaned before it was masked',
  )
  t.end()
})
