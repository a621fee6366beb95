// The texts of Compose's short forms, and what they are read as.
import type { Test } from 'tap'
import { readMount } from '../../../core/containers/schema/mounts.js'
import { readPort } from '../../../core/containers/schema/ports.js'
import { readDuration, readSize } from '../../../core/containers/schema/quantities.js'
import { shellwords } from '../../../core/containers/schema/shellwords.js'
import { UserError } from '../../../core/errors.js'

/** Each short form with what it means, and texts that are none. */
export function testShortForms(t: Test): void {
  for (const [text, words] of [
    ['redis-server --save ""', ['redis-server', '--save', '']],
    [`sh -c 'echo "a b" \\n'`, ['sh', '-c', 'echo "a b" \\n']],
    ['a\\ b "c \\"d\\" \\e" f\'g\'h', ['a b', 'c "d" \\e', 'fgh']],
    ['  a \t b\n', ['a', 'b']],
    ['a\\\nb', ['ab']],
    ['', []],
  ] as const)
    t.same(shellwords(text), words, JSON.stringify(text))
  for (const text of ['"open', "it's", 'end\\']) t.throws(() => shellwords(text), UserError, text)

  for (const [text, ms] of [
    ['1m30s', 90_000],
    ['500ms', 500],
    ['1h5m30s20ms', 3_930_020],
    ['1.5s', 1500],
    ['0', 0],
    ['250us', 0],
  ] as const)
    t.equal(readDuration(text), ms, text)
  for (const text of ['', '5', '1x', '1m 30s', 'm', '-1s']) t.throws(() => readDuration(text), /is no duration/, text)

  for (const [text, bytes] of [
    ['64m', 67_108_864],
    ['64MB', 67_108_864],
    ['1g', 1_073_741_824],
    ['1.5k', 1536],
    ['512', 512],
    ['10b', 10],
  ] as const)
    t.equal(readSize(text), bytes, text)
  for (const text of ['', 'm', '64x', '-1m']) t.throws(() => readSize(text), /is no size/, text)

  for (const [text, entries] of [
    ['8000', [{ target: 8000, protocol: 'tcp' }]],
    ['80:8000', [{ published: { from: 80, to: 80 }, target: 8000, protocol: 'tcp' }]],
    ['127.0.0.1:80:8000/udp', [{ ip: '127.0.0.1', published: { from: 80, to: 80 }, target: 8000, protocol: 'udp' }]],
    ['[::1]:80:80', [{ ip: '::1', published: { from: 80, to: 80 }, target: 80, protocol: 'tcp' }]],
    ['127.0.0.1::80', [{ ip: '127.0.0.1', target: 80, protocol: 'tcp' }]],
    ['9000-9002:80', [{ published: { from: 9000, to: 9002 }, target: 80, protocol: 'tcp' }]],
    [
      '90-91:80-81',
      [
        { published: { from: 90, to: 90 }, target: 80, protocol: 'tcp' },
        { published: { from: 91, to: 91 }, target: 81, protocol: 'tcp' },
      ],
    ],
  ] as const)
    t.same(readPort(text), entries, text)
  for (const text of ['80:x', '0', '70000', '80:8000/icmp', '90-92:80-81', '9-8', 'a:80:80'])
    t.throws(() => readPort(text), UserError, text)

  for (const [text, mount] of [
    ['data:/data', { from: 'volume', source: 'data', target: '/data', readOnly: false }],
    ['data:/data/:ro', { from: 'volume', source: 'data', target: '/data', readOnly: true }],
    ['/etc/x:/x:ro,cached', { from: 'bind', source: '/etc/x', relative: false, target: '/x', readOnly: true }],
    ['./x:/x', { from: 'bind', source: './x', relative: true, target: '/x', readOnly: false }],
    ['~/x:/x:rw', { from: 'bind', source: '~/x', relative: true, target: '/x', readOnly: false, writable: true }],
    ['/cache', { from: 'anonymous', target: '/cache', readOnly: false }],
  ] as const)
    t.same(readMount(text), mount, text)
  for (const text of ['data', 'data:rel', 'a:/b:y', 'a:/b:ro:c', ':/b'])
    t.throws(() => readMount(text), UserError, text)
}
