// Which keys the engine is started with as flags: it refuses to start when its file names one of them too.
import { unitWords } from './listen.js'

const short: Readonly<Record<string, string>> = {
  '-D': 'debug',
  '-G': 'group',
  '-b': 'bridge',
  '-g': 'graph',
  '-l': 'log-level',
  '-p': 'pidfile',
  '-s': 'storage-driver',
}

/** Flags that may be given several times, and the key that holds all their values. Source: moby's cmd/dockerd/config*.go and opts. */
const plural: Readonly<Record<string, string>> = {
  'authorization-plugin': 'authorization-plugins',
  'cdi-spec-dir': 'cdi-spec-dirs',
  'default-address-pool': 'default-address-pools',
  'default-network-opt': 'default-network-opts',
  'default-ulimit': 'default-ulimits',
  'dns-opt': 'dns-opts',
  'exec-opt': 'exec-opts',
  'insecure-registry': 'insecure-registries',
  label: 'labels',
  'log-opt': 'log-opts',
  'node-generic-resource': 'node-generic-resources',
  'registry-mirror': 'registry-mirrors',
  'storage-opt': 'storage-opts',
}

/** Keys that a command line sets. */
function keysOfFlags(words: readonly string[]): Set<string> {
  const keys = words.flatMap(word => {
    const long = /^--([a-z0-9-]+)/.exec(word)?.[1]
    const key = long === undefined ? short[word.slice(0, 2)] : (plural[long] ?? long)
    return key === undefined ? [] : [key]
  })
  return new Set(keys)
}

/** Wanted keys that the unit, or the engine that runs, has as flags. A runtime may be given both ways. */
export const flagConflicts = (unit: string, argv: readonly string[], wanted: Iterable<string>): string[] => {
  const flags = new Set([...keysOfFlags(unitWords(unit)), ...keysOfFlags(argv)])
  return [...wanted].filter(key => flags.has(key) && key !== 'runtimes')
}
