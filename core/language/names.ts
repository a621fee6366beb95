// Words of the template and expression languages that variables and registers may not take.

/** Names that every scope has. */
const rootNames = ['vars', 'facts', 'host', 'hosts', 'groups', 'secrets', 'item'] as const

const taken = new Set<string>([...rootNames, 'this', 'true', 'false', 'null', 'in', 'undefined'])

/** Whether a variable or register may not be called this, because the languages use the word themselves. */
export const isReserved = (name: string): boolean => taken.has(name)

/** Types of the expression language: there, such a word always means the type. */
export const typeNames: ReadonlySet<string> = new Set(
  'int uint double string bool bytes list map null_type type timestamp duration google optional'.split(' '),
)
