// The one door to the diff library: how two texts differ, as people read it.
import { createTwoFilesPatch } from 'diff'

/** A unified diff from the host's text to ours; undefined when it would take too long to find. */
export function unifiedDiff(path: string, from: string, to: string): string | undefined {
  const patch = createTwoFilesPatch(path, path, from, to, 'on the host', 'wanted', { timeout: 2000 })
  return patch?.replace(/^Index: .*\n=+\n/, '')
}
