// Reads a Dockerfile for what we must know before the build: which images it starts from, and whether it needs BuildKit.

/** One instruction, its continuation lines joined; bodies of here-documents left out. */
interface Instruction {
  word: string
  rest: string
}

const heredoc = /<<-?\s*(["']?)(\w+)\1/g

function instructionsOf(text: string): Instruction[] {
  const continues = /^#\s*escape\s*=\s*`/im.test(text.split('\n', 5).join('\n')) ? '`' : '\\'
  const found: Instruction[] = []
  const lines = text.split(/\r?\n/)
  for (let index = 0; index < lines.length; index++) {
    let line = (lines[index] ?? '').trim()
    if (line === '' || line.startsWith('#')) continue
    while (line.endsWith(continues) && index + 1 < lines.length) {
      index++
      const next = (lines[index] ?? '').trim()
      // Comments and empty lines between continued lines do not end the instruction.
      if (next === '' || next.startsWith('#')) continue
      line = `${line.slice(0, -1).trimEnd()} ${next}`
    }
    const [, word = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(line) ?? []
    found.push({ word: word.toUpperCase(), rest })
    if (/^(?:RUN|COPY|ADD)$/i.test(word))
      for (const [, , end] of rest.matchAll(heredoc))
        while (index + 1 < lines.length && (lines[++index] ?? '').trim() !== end);
  }
  return found
}

const unquote = (text: string): string => text.replace(/^(["'])(.*)\1$/, '$2')

/** Puts build arguments in: $X, ${X}, ${X:-default} and ${X:+other}. */
const substitute = (text: string, args: Readonly<Record<string, string>>): string =>
  text.replace(/\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g, (_, plain, braced, sign, other) => {
    const value = args[plain ?? braced] ?? ''
    if (sign === '-') return value === '' ? other : value
    if (sign === '+') return value === '' ? '' : other
    return value
  })

/**
 * The images that a build starts from or copies out of, in order of appearance: references as written, build arguments put in.
 * Own stages and `scratch` are none. With a target, stages behind it do not count.
 */
export function baseImages(text: string, args: Readonly<Record<string, string>>, target?: string): string[] {
  const known: Record<string, string> = {}
  const stages = new Set<string>()
  const bases = new Set<string>()
  let stage: string | undefined
  const add = (ref: string): void => {
    const isStage = stages.has(ref.toLowerCase()) || /^\d+$/.test(ref)
    if (ref !== '' && ref !== 'scratch' && !isStage) bases.add(ref)
  }
  for (const { word, rest } of instructionsOf(text)) {
    if (word === 'ARG' && stages.size === 0 && stage === undefined) {
      for (const part of rest.split(/\s+(?=\w+(?:=|$))/)) {
        const [, name = '', fallback] = /^(\w+)(?:=(.*))?$/s.exec(part) ?? []
        const value = args[name] ?? (fallback === undefined ? undefined : substitute(unquote(fallback), known))
        if (value !== undefined) known[name] = value
      }
    } else if (word === 'FROM') {
      if (target !== undefined && stage === target.toLowerCase()) break
      const words = rest.split(/\s+/).filter(part => !part.startsWith('--'))
      add(substitute(unquote(words[0] ?? ''), known))
      stage = words[1]?.toLowerCase() === 'as' ? (words[2] ?? '').toLowerCase() : ''
      if (stage) stages.add(stage)
    } else if (word === 'COPY') {
      const from = /(?:^|\s)--from=(\S+)/.exec(rest)?.[1]
      if (from !== undefined) add(substitute(unquote(from), known))
    }
  }
  return [...bases]
}

/** True for a Dockerfile that the classic builder cannot read. */
export function needsBuildkit(text: string): boolean {
  if (/^#\s*syntax\s*=/im.test(text.split('\n', 5).join('\n'))) return true
  return instructionsOf(text).some(
    ({ word, rest }) =>
      (word === 'RUN' && /(?:^|\s)--(?:mount|network|security)=/.test(rest)) ||
      (/^(?:COPY|ADD)$/.test(word) && /(?:^|\s)--(?:link|chmod|checksum|parents|exclude|keep-git-dir)\b/.test(rest)) ||
      (/^(?:RUN|COPY|ADD)$/.test(word) && [...rest.matchAll(heredoc)].length > 0),
  )
}
