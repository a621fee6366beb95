// Bounded parallel work.

/** Maps with at most `limit` at work at a time; results in the order of the input. The first failure stops what has not begun, and is thrown when what had begun has ended. */
export async function mapLimited<In, Out>(
  items: readonly In[],
  limit: number,
  work: (item: In, index: number) => Promise<Out>,
): Promise<Out[]> {
  const results = new Array<Out>(items.length)
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++
      try {
        results[index] = await work(items[index] as In, index)
      } catch (error) {
        next = items.length
        throw error
      }
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, worker))
  const failure = ends.find(end => end.status === 'rejected')
  if (failure) throw failure.reason
  return results
}
