// Lists of tasks: blocks are flattened, and what each says is merged into its tasks.

import { checkExpression } from '../../language/condition.js'
import type { BlockPart, Task } from '../../playbook.js'
import type { Raw } from '../../raw.js'
import { check } from '../check.js'
import { partOf } from '../raw.js'
import { checkTemplates } from '../syntax.js'
import { type Around, inherit } from './inherit.js'
import { isPlain } from './parts.js'
import { peerAnswer } from './peer-answer.js'
import { type Reading, readShared, readTask } from './task.js'
import { type BlockEntry, blockSchema, taskWords } from './words.js'

const partsOfBlock = ['block', 'rescue', 'always'] as const

/** A map under `block` is the kind of that name, unless there is more of a block to it. */
const isBlock = (value: unknown): boolean =>
  isPlain(value) &&
  (value.rescue !== undefined || value.always !== undefined || (value.block !== undefined && !isPlain(value.block)))

/** What a block says that no block can; it has one answer, whatever else is wrong with it. */
function checkShape(raw: Raw, { problems, handlers }: Reading): boolean {
  const { block } = raw.value as { block?: unknown }
  if (handlers) problems.add('a handler is one task; a block cannot stand here', raw.at)
  else if (block === undefined) {
    const word = Object.hasOwn(raw.value as object, 'rescue') ? 'rescue' : 'always'
    problems.add(`\`${word}\` needs a \`block\` before it`, raw.where([word], 'key'))
  } else if (!Array.isArray(block)) problems.add('block must be a list of tasks', raw.where(['block']))
  else return true
  return false
}

function readBlock(raw: Raw, reading: Reading): Task[] {
  const { problems, kinds } = reading
  if (!checkShape(raw, reading)) return []
  const entry: BlockEntry | undefined = check(blockSchema, raw, problems, {
    name: 'block',
    reword({ unknown, path }) {
      if (unknown === undefined || path.length !== 1) return undefined
      const isTasks = taskWords.includes(unknown) || kinds.some(({ kind }) => kind === unknown)
      return isTasks ? `\`${unknown}\` does not go with a block; put it on its tasks` : peerAnswer(unknown, 'a block')
    },
  })
  const around: Around = entry === undefined ? {} : readShared(entry, raw)
  for (const { text, at } of around.when ?? []) problems.take(() => checkExpression(text, at))
  for (const word of ['environment', 'vars', 'delegate_to']) checkTemplates(partOf(raw, [word]), problems)
  const { file, line, column } = raw.at
  const id = `${file}:${line}:${column}`
  return partsOfBlock.flatMap(part => {
    const place: BlockPart = { block: id, name: entry?.name ?? 'block', part, rescued: entry?.rescue !== undefined }
    return readTaskList(partOf(raw, [part]), reading).map(task => ({
      ...inherit(task, around),
      blocks: [place, ...task.blocks],
    }))
  })
}

/** Reads a list of tasks; mistakes go to the reading's problems. Anything but a list gives none. */
export function readTaskList(raw: Raw, reading: Reading): Task[] {
  if (!Array.isArray(raw.value)) return []
  return raw.value.flatMap((value, index) => {
    const part = partOf(raw, [index])
    return isBlock(value) ? readBlock(part, reading) : (readTask(part, reading) ?? [])
  })
}
