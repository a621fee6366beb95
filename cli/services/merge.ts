// Many streams of timed things as one, in order of time, holding no more than one thing of each.

export interface Timed {
  /** Texts that sort as their times do. */
  time: string
}

/**
 * Merges streams that are each in order of time (nearly: what comes late in its own stream comes late here). Each is read only as it is
 * taken from. All are closed when the reader leaves.
 */
export async function* mergeByTime<Item extends Timed>(sources: readonly AsyncIterable<Item>[]): AsyncGenerator<Item> {
  const readers = sources.map(source => source[Symbol.asyncIterator]())
  try {
    // One that cannot be read stops the others: what they have to say would be in a wrong order.
    const firsts = await Promise.all(readers.map(reader => reader.next()))
    const heads = firsts.flatMap((first, at) => (first.done ? [] : [{ item: first.value, at }]))
    while (heads.length > 0) {
      let least = 0
      for (let index = 1; index < heads.length; index++)
        if ((heads[index]?.item.time ?? '') < (heads[least]?.item.time ?? '')) least = index
      const head = heads[least]
      if (!head) return
      yield head.item
      const next = await readers[head.at]?.next()
      if (next && !next.done) head.item = next.value
      else heads.splice(least, 1)
    }
  } finally {
    await Promise.allSettled(readers.map(reader => reader.return?.()))
  }
}
