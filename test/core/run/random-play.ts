// Random playbooks with a model of what they come to: which files a host has at last, and which tasks have changed something.

import {
  filled,
  indented,
  type Model,
  type Node,
  type RandomPlay,
  randomFrom,
  type Told,
  type Values,
} from './random-model.js'

/** Where a task stands: what it may read, and what tells its files from those of other passes. */
interface Place {
  suffix: string
  texts: readonly string[]
  changes: readonly string[]
  depth: number
}

const handlerNames = ['first', 'second', 'third']

/** Makes a playbook. `steady`: no condition reads whether something has changed, so that an interrupted run can be made up for. */
export function randomPlay(seed: number, steady: boolean): RandomPlay {
  const random = randomFrom(seed)
  const files: Record<string, string> = {}
  let count = 0
  const below = (most: number): number => Math.floor(random() * most)
  const often = (part: number): boolean => random() < part
  const pick = <T>(list: readonly T[]): T | undefined => list[below(list.length)]

  /** Words that say when a task is done, and whether they hold. */
  function condition({ changes, texts }: Place): { words: string; holds(values: Values): boolean } {
    const [changing, text] = [pick(changes), pick(texts.filter(name => name.startsWith('fact')))]
    if (!steady && changing && often(0.4))
      return { words: `, when: "${changing}.changed"`, holds: values => (values.get(changing) as Told).changed }
    if (text && often(0.2))
      return { words: `, when: "${text} != 'none'"`, holds: values => values.get(text) !== 'none' }
    return often(0.15) ? { words: ', when: "false"', holds: () => false } : { words: '', holds: () => true }
  }

  function notified(): { words: string; names: string[] } {
    const names = handlerNames.filter(() => often(0.15))
    return { words: names.length === 0 ? '' : `, notify: [${names.join(', ')}]`, names }
  }

  const note = (model: Model, name: string, names: readonly string[]): void => {
    model.changed.add(name)
    for (const each of names) model.due.add(each)
  }

  /** What a task does to one file: its words, the file, and the text that it leaves there. */
  function deed(path: string, text: string) {
    const added = (word: string, was: string): string => (was.split('\n').includes(word) ? was : `${was}${word}\n`)
    const dest = `"{{ folder }}/${path}"`
    const deeds = [
      {
        target: path,
        words: `copy: { dest: ${dest}, content: "${text}" }`,
        after: (_was: string, _at: string, now: string) => now,
      },
      { target: path, words: `file: { path: ${dest}, state: directory }`, after: () => '(folder)' },
      {
        target: 'lines',
        words: `line: { path: "{{ folder }}/lines", line: "${path}", create: true }`,
        after: (was: string, at: string) => added(at, was),
      },
      {
        target: 'log',
        words: `command: { sh: "echo ${path} >>{{ folder }}/log", check: "grep -qx ${path} {{ folder }}/log" }`,
        after: (was: string, at: string) => added(at, was),
      },
    ]
    return pick(deeds) ?? (deeds[0] as (typeof deeds)[0])
  }

  function change(place: Place): { node: Node; gives: string } {
    const number = ++count
    const loop = often(0.25) ? Array.from({ length: below(4) }, (_, index) => `e${index}`) : undefined
    const read = pick(place.texts)
    const text = read === undefined ? `text ${number}` : `{{ ${read}${read.startsWith('ask') ? '.stdout' : ''} }}`
    const path = `file${number}${place.suffix}${loop ? '-{{ item }}' : ''}`
    const { target, words, after } = deed(path, text)
    const when = condition(place)
    const notify = notified()
    const name = `task${number}`
    const yaml = `- { name: ${name}${loop ? `, loop: [${loop.join(', ')}]` : ''}, ${words}, register: made${number}${when.words}${notify.words} }`
    const run = (model: Model, values: Values): boolean => {
      const told: Told = { changed: false }
      for (const item of when.holds(values) ? (loop ?? ['']) : []) {
        const mine: Values = new Map(values).set('item', item)
        const at = filled(target, mine)
        const now = after(model.files.get(at) ?? '', filled(path, mine), filled(text, mine))
        if (model.files.get(at) === now) continue
        model.files.set(at, now)
        told.changed = true
      }
      values.set(`made${number}`, told)
      if (told.changed) note(model, name, notify.names)
      return true
    }
    return { node: { yaml, run }, gives: `made${number}` }
  }

  /** A file is read, as it is at that place of the play. */
  function ask(): { node: Node; gives: string } {
    const number = ++count
    const path = `file${1 + below(number)}`
    const yaml = `- { name: ask${number}, command: { sh: "if test -f {{ folder }}/${path}; then cat {{ folder }}/${path}; else echo none; fi", read_only: true }, register: ask${number} }`
    const run = ({ files: there }: Model, values: Values): boolean => {
      const found = there.get(path)
      values.set(`ask${number}`, {
        changed: false,
        stdout: found === undefined || found === '(folder)' ? 'none' : found,
      })
      return true
    }
    return { node: { yaml, run }, gives: `ask${number}` }
  }

  function fact({ texts }: Place): { node: Node; gives: string } {
    const number = ++count
    const read = pick(texts.filter(name => name.startsWith('fact')))
    const text = read === undefined ? (often(0.3) ? 'none' : `fact ${number}`) : `{{ ${read} }} and ${number}`
    const run = (_model: Model, values: Values): boolean => {
      values.set(`fact${number}`, filled(text, values))
      return true
    }
    return {
      node: { yaml: `- { name: set${number}, set_fact: { fact${number}: "${text}" } }`, run },
      gives: `fact${number}`,
    }
  }

  const runAll = (nodes: readonly Node[], model: Model, values: Values): boolean =>
    nodes.every(node => node.run(model, values))

  /** A block whose failure, if it has one, is mended by the last task of its rescue: until then the next run has it again. */
  function block(place: Place): Node {
    const number = ++count
    const inner = { ...place, depth: place.depth + 1 }
    const path = `mended${number}${place.suffix}`
    const before = list(inner, 2)
    const fails = often(0.6)
    const after = list(inner, 2)
    const rescue = list({ ...inner, texts: [], changes: [] }, 1)
    const always = often(0.5) ? list({ ...inner, texts: [], changes: [] }, 1) : []
    const fail: Node = {
      yaml: `- { name: fail${number}, command: { sh: exit 3, check: "test -e {{ folder }}/${path}" } }`,
      run: ({ files: there }, values) => there.has(filled(path, values)),
    }
    const mend: Node = {
      yaml: `- { name: mend${number}, copy: { dest: "{{ folder }}/${path}", content: mended } }`,
      run(model, values) {
        model.files.set(filled(path, values), 'mended')
        note(model, `mend${number}`, [])
        return true
      },
    }
    const parts = { block: [...before, ...(fails ? [fail] : []), ...after], rescue: [...rescue, mend], always }
    const yaml = Object.entries(parts).flatMap(([part, nodes]) =>
      nodes.length === 0 ? [] : [`  ${part}:\n${indented(nodes.map(node => node.yaml).join('\n'))}`],
    )
    return {
      yaml: `- name: block${number}\n${yaml.join('\n')}`,
      run(model, values) {
        const inside: Values = new Map(values)
        const isWell = runAll(parts.block, model, inside) || runAll(parts.rescue, model, inside)
        return runAll(parts.always, model, inside) && isWell
      },
    }
  }

  function include(place: Place): Node {
    const number = ++count
    const passes = often(0.5) ? Array.from({ length: below(3) }, (_, index) => `p${index}`) : undefined
    const entry = `pass${number}`
    const when = condition(place)
    const inside = list(
      { ...place, suffix: passes ? `${place.suffix}-{{ ${entry} }}` : place.suffix, depth: place.depth + 1 },
      3,
    )
    files[`include${number}.yaml`] = `${inside.map(node => node.yaml).join('\n')}\n`
    const loop = passes ? `, loop: [${passes.join(', ')}], loop_control: { loop_var: ${entry} }` : ''
    return {
      yaml: `- { name: include${number}, include: include${number}.yaml${loop}${when.words} }`,
      run: (model, values) =>
        !when.holds(values) || (passes ?? ['']).every(pass => runAll(inside, model, new Map(values).set(entry, pass))),
    }
  }

  function list(place: Place, most: number): Node[] {
    const nodes: Node[] = []
    const here = { ...place, texts: [...place.texts], changes: [...place.changes] }
    for (let left = 1 + below(most); left > 0; left--) {
      const kind = random()
      if (kind < 0.15) {
        const { node, gives } = kind < 0.07 ? fact(here) : ask()
        nodes.push(node)
        here.texts.push(gives)
      } else if (kind < 0.3 && place.depth < 2) nodes.push(block(here))
      else if (kind < 0.45 && place.depth < 2) nodes.push(include(here))
      else {
        const { node, gives } = change(here)
        nodes.push(node)
        here.changes.push(gives)
      }
    }
    return nodes
  }

  const tasks = list({ suffix: '', texts: [], changes: [], depth: 0 }, 8)
  const chain = handlerNames.map((name, index) => ({
    name,
    notifies: often(0.3) ? handlerNames[index + 1] : undefined,
  }))
  const handlers = chain.map(
    ({ name, notifies }) =>
      `- { name: ${name}, command: { sh: "echo ${name} >>{{ folder }}/told" }${notifies ? `, notify: ${notifies}` : ''} }`,
  )
  files['play.yaml'] =
    `- name: p\n  hosts: all\n  tasks:\n${indented(tasks.map(node => node.yaml).join('\n'))}\n  handlers:\n${indented(handlers.join('\n'))}\n`
  return {
    files,
    run(model) {
      runAll(tasks, model, new Map())
      for (const { name, notifies } of chain) {
        if (!model.due.delete(name)) continue
        model.files.set('told', `${model.files.get('told') ?? ''}${name}\n`)
        note(model, name, notifies ? [notifies] : [])
      }
    },
  }
}
