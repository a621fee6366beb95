// The page of Compose files: every key of the specification, and what it does here.
import { composeKeys, type Key, type Keys } from '../../core/compose/keys/index.js'

const marks: Record<Key['does'], string> = {
  yes: 'honoured',
  same: 'nothing to do',
  no: 'no effect, with a warning',
  refused: 'error',
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

function rowsOf(keys: Keys, path: string): string[] {
  return Object.entries(keys)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, { does, text, inside, named }]) => {
      const here = path === '' ? name : `${path}.${name}`
      const row = `| \`${here}\` | ${marks[does]} | ${cell(text.charAt(0).toUpperCase() + text.slice(1))} |`
      const below = named === undefined ? rowsOf(inside ?? {}, here) : rowsOf(named, `${here}.NAME`)
      return [row, ...below]
    })
}

const intro = `# Compose files

\`\`\`yaml
project: shop
compose:
  - compose.yaml
  - { file: [other.yaml, other.prod.yaml], on: role=web, profiles: [debug] }
\`\`\`

Compose files are taken as they are: their services, networks, volumes, configs and secrets join those of \`longshore.yaml\`. Services of
\`containers:\` and of Compose files share one set of names; the same name twice is an error. What Compose does not know stands in a service
under \`x-longshore\`: \`x-longshore: { on: role=db }\`.

- \`$VAR\`, \`\${VAR:-default}\` and the other forms are those of Compose; \`.env\` beside the file goes before that of \`longshore.yaml\`, the
  process's own variables before both. There are no templates of ours in a Compose file.
- Several files under one entry are laid over each other by Compose's rules, with \`!reset\` and \`!override\`; \`include\` and \`extends\` are
  followed.
- A service whose profiles are all inactive is left out; \`profiles\` of the entry and \`COMPOSE_PROFILES\` make them active.
- The project's name is that of \`longshore.yaml\`.

This page is made by \`longshore schema --compose --markdown\`, from the table by which the files are read. No key of the specification is
passed over in silence: each is honoured, or told with its place. An unknown key is an error.
`

/** The page in Markdown. */
export function composePage(): string {
  const lines = [intro]
  for (const { title, keys } of composeKeys)
    lines.push(`## ${title}`, '', '| key | here | what it does |', '|---|---|---|', ...rowsOf(keys, ''), '')
  return `${lines.join('\n').trimEnd()}\n`
}
