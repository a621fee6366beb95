// Values under a tag of Compose's: `!reset` takes away what an earlier file said, `!override` takes its place.

export type Tag = 'reset' | 'override'

/** A value and the tag that stands before it. */
export class Tagged {
  readonly tag: Tag
  readonly value: unknown

  constructor(tag: Tag, value: unknown) {
    this.tag = tag
    this.value = value
  }
}

/** The tag that a text ends with (a tag itself, or the YAML library's words about it); undefined for all others. */
export function tagOf(text: string | undefined): Tag | undefined {
  const found = /!(reset|override)$/.exec(text ?? '')?.[1]
  return found === 'reset' || found === 'override' ? found : undefined
}
