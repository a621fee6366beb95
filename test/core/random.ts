// Numbers that look random and are the same in every run.

/** Gives a function that draws whole numbers from 0 up to, and without, `below`. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    const mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
