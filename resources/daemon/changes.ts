// An engine's change as a plan shows it: each key and file, and what a restart stops; without anything that is secret.
import { hardenedNames } from '../../core/hardening/daemon.js'
import type { Change } from '../../core/step.js'
import { unifiedDiff } from '../_diff.js'
import { namesOf } from './certificate.js'
import type { Decision, Target } from './decide.js'
import { dropInText } from './decide.js'
import { execStartOf, listenerText, splitHosts, unitWords } from './listen.js'
import { stopped } from './live.js'
import { daemonText, type KeyChange, shownDaemon } from './merge.js'
import { hides } from './moves.js'
import { daemonFile, dropIn, memoryFile } from './probe.js'
import type { EngineSeen } from './seen.js'
import type { EngineWant } from './want.js'

function keyChange(change: KeyChange, want: EngineWant, decision: Decision, seen: EngineSeen): Change {
  const { key, from, to } = change
  const isHardened = want.harden !== undefined && !(key in want.daemon) && hardenedNames.includes(key)
  const why = isHardened ? 'harden' : decision.warnings.find(remark => remark.key === key)?.text
  const show = (value: unknown): string => {
    const shown = shownDaemon({ [key]: value }, decision.secretKeys)[key]
    return value === undefined ? 'not set' : typeof shown === 'string' ? shown : JSON.stringify(shown)
  }
  const loses = hides(change, seen)
  return {
    what: `daemon.${key}`,
    from: show(from),
    to: to === undefined ? 'left out' : why === undefined ? show(to) : `${show(to)} (${why})`,
    ...(loses === undefined ? {} : { loses }),
  }
}

function daemonChanges(want: EngineWant, decision: Decision, seen: EngineSeen): Change[] {
  const { keys, before, next, secretKeys, targets } = decision
  const target = targets.find(({ name }) => name === 'daemon')
  if (target === undefined) return []
  const [first, ...others] = keys.map(change => keyChange(change, want, decision, seen))
  const old = seen.files.daemon
  if (first === undefined)
    return [{ what: daemonFile, from: old.sum === '' ? 'absent' : `mode ${old.mode}`, to: `mode ${target.mode}` }]
  const text = (map: typeof before): string => daemonText(shownDaemon(map, secretKeys), old.text)
  const diff = unifiedDiff(
    daemonFile,
    old.sum === '' ? '' : text(before),
    target.content === undefined ? '' : text(next),
  )
  return [{ ...first, ...(diff === undefined ? {} : { diff }) }, ...others]
}

const addresses = (command: string | undefined): string =>
  splitHosts(unitWords(command ?? '')).hosts.join(' ') || 'as installed'

function listenChange(want: EngineWant, seen: EngineSeen, decision: Decision): Change[] {
  const now = execStartOf(seen.unit, '')
  const target = decision.targets.find(({ name }) => name === 'dropin')
  if (target === undefined) {
    if (decision.otherSockets) return [{ what: 'listen', from: addresses(seen.argv.join(' ')), to: addresses(now) }]
    // before the engine is there nobody knows its unit
    const asked = want.listen?.map(listener => listenerText(listener, 'unix')).join(' ')
    return seen.dockerd === undefined && asked !== undefined && seen.init === 'systemd' && asked !== 'unix'
      ? [{ what: 'listen', from: 'as installed', to: asked }]
      : []
  }
  const text = dropInText(want, seen) ?? ''
  const then = /^ExecStart=(.+)$/m.exec(text)?.[1] ?? execStartOf(seen.unit, dropIn)
  const diff = unifiedDiff(dropIn, seen.files.dropin.text, text)
  const same = addresses(now) === addresses(then)
  return [
    {
      what: same ? dropIn : 'listen',
      from: same ? (seen.files.dropin.sum === '' ? 'absent' : 'other text') : addresses(now),
      to: same ? (text === '' ? 'absent' : 'written') : addresses(then),
      ...(diff === undefined ? {} : { diff }),
    },
  ]
}

const plainFiles: Partial<Record<Target['name'], string>> = {
  proxy: 'proxy',
  ca: 'tls.ca',
  cert: 'tls.cert',
  key: 'tls.key',
}

function fileChange({ name, content, path, mode, issued }: Target, seen: EngineSeen, isAlone: boolean): Change[] {
  if (issued) return []
  const there = seen.files[name].sum !== ''
  if (name === 'memory')
    return isAlone ? [{ what: memoryFile, from: 'the keys are not known as ours', to: 'they are' }] : []
  const what = plainFiles[name]
  if (what === undefined) return []
  const from = there ? `another content of ${path}, or another mode` : 'absent'
  return [{ what, from, to: content === undefined ? 'absent' : `${path}, mode ${mode}` }]
}

function engineChange(decision: Decision, seen: EngineSeen): Change[] {
  const { needs, idle } = decision
  const loses = stopped(decision, seen)
  const unmet = idle.map(key => ({ what: `daemon.${key}`, from: 'in the file, not in force', to: 'in force' }))
  if (!seen.running) return [...unmet, { what: 'engine', from: 'not running', to: 'running' }]
  if (needs === 'nothing') return unmet
  if (needs === 'reload')
    return [...unmet, { what: 'engine', from: 'running', to: 'reloaded; containers keep running' }]
  const kept = seen.containers.length > 0 && loses === undefined ? '; containers keep running (live-restore)' : ''
  return [
    ...unmet,
    { what: 'engine', from: 'running', to: `restarted${kept}`, ...(loses === undefined ? {} : { loses }) },
  ]
}

const interrupted = {
  cut: { from: 'cut off half way', to: 'gone back to the files before it' },
  moved: { from: 'cut off when the data had been moved', to: 'gone on with' },
  leftover: { from: 'cut off before it began', to: 'cleared away' },
} as const

/** What becomes of a change that was cut off. */
export const pendingChange = (pending: EngineSeen['pending']): Change[] =>
  pending === 'none' ? [] : [{ what: 'interrupted change', ...interrupted[pending] }]

function certificateChange({ issuing }: EngineWant, seen: EngineSeen, { certificate }: Decision): Change[] {
  if (issuing === undefined || certificate === undefined) return []
  const { known, place } = issuing
  const by = known.authority === undefined ? `, by a new authority in ${place.folder}` : ''
  const to = `issued for ${namesOf(issuing, seen).join(', ')}; ${place.days} days${by}`
  return [{ what: 'certificate', from: certificate, to }]
}

/** Everything that differs; [] = nothing to do. */
export function engineChanges(want: EngineWant, seen: EngineSeen, decision: Decision): Change[] {
  const files = [
    ...daemonChanges(want, decision, seen),
    ...listenChange(want, seen, decision),
    ...certificateChange(want, seen, decision),
    ...decision.targets.flatMap(target => fileChange(target, seen, decision.targets.length === 1)),
  ]
  const pending = pendingChange(seen.pending)
  if (files.length === 0 && decision.needs === 'nothing') return pending
  return [...pending, ...files, ...engineChange(decision, seen)]
}
