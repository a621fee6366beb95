// `longshore docs`: the kinds of tasks; or one of them with its fields and an example.
import { kindSchema } from '../../../core/config/index.js'
import { peerHint } from '../../../core/config/peer-words.js'
import { exitCodes, usageError } from '../../../core/errors.js'
import { checksTable } from '../../../core/hardening/checks.js'
import { suggestion } from '../../../core/language/index.js'
import type { AnyResource } from '../../../core/resource.js'
import { command } from '../../command.js'
import type { CommandContext } from '../../context.js'
import { type Field, fieldsOf } from '../../reference/fields.js'
import { type KindPage, kindsPage } from '../../reference/pages.js'

const pageOf = ({ kind, summary, example, schema }: AnyResource): KindPage => ({
  kind,
  ...(summary === undefined ? {} : { summary }),
  ...(example === undefined ? {} : { example }),
  schema: kindSchema(schema),
})

/** A text in lines of at most so many characters, broken at blanks. */
function wrapped(text: string, most: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ').filter(Boolean)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < most) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

function fieldLines({ path, type, required, preset, text }: Field, columns: number): string[] {
  const notes = [type.replaceAll('`', ''), required ? 'required' : '', preset === '' ? '' : `default ${preset}`]
  return [
    `  ${path}  (${notes.filter(Boolean).join('; ')})`,
    ...wrapped(text, columns - 6).map(line => `      ${line}`),
  ]
}

function show(context: CommandContext, { kind, summary, example, schema }: KindPage): void {
  const columns = Math.min(context.io.stdout.columns ?? 100, 120)
  const fields = fieldsOf(schema)
  context.print(`${kind}: ${summary ?? ''}`.trimEnd())
  if (fields.length > 0)
    context.print(['', 'Fields', ...fields.flatMap(field => fieldLines(field, columns))].join('\n'))
  if (example !== undefined) context.print(`\nExample\n${example.trim().replace(/^/gm, '  ')}`)
}

/** The answer to a word that is no kind; a module of Ansible's is answered with what stands for it. */
function noKind(word: string, names: readonly string[]): Error {
  const peer = peerHint(word)
  if (peer === undefined)
    return usageError(`there is no kind "${word}"${suggestion(word, names, 'kinds')}`, {
      hint: '`longshore docs` lists them',
    })
  const kind = [...peer.matchAll(/`(\w+)`/g)].map(([, each = '']) => each).find(each => names.includes(each))
  return usageError(`there is no kind "${word}": ${peer}`, {
    hint: kind === undefined ? '`longshore docs` lists the kinds' : `\`longshore docs ${kind}\` shows it`,
  })
}

export const docs = command({
  name: 'docs',
  summary: 'list the kinds of tasks, or show the fields of one with an example',
  arguments: { kind: { text: 'a kind of task: file, service, user, …', need: 'maybe' } },
  options: {
    markdown: { flags: '--markdown', kind: 'flag', text: 'print the page of all kinds instead' },
    hardening: { flags: '--hardening', kind: 'flag', text: 'what `engine.harden` comes to, check by check' },
  },
  async run(context, { kind, markdown, hardening }) {
    if (hardening) {
      context.io.stdout.write(checksTable())
      return exitCodes.done
    }
    const resources = await context.resources()
    if (markdown) {
      context.io.stdout.write(kindsPage(resources.map(pageOf)))
      return exitCodes.done
    }
    const pages = resources.filter(resource => kind === undefined || resource.kind === kind).map(pageOf)
    if (pages.length === 0)
      throw noKind(
        kind ?? '',
        resources.map(resource => resource.kind),
      )
    if (context.options.json)
      for (const { schema, ...page } of pages)
        context.printJson({ type: 'kind', ...page, ...(kind === undefined ? {} : { fields: fieldsOf(schema) }) })
    else if (kind === undefined) {
      const width = Math.max(...pages.map(page => page.kind.length))
      context.print(pages.map(page => `${page.kind.padEnd(width)}  ${page.summary ?? ''}`.trimEnd()).join('\n'))
    } else for (const page of pages) show(context, page)
    return exitCodes.done
  },
})
