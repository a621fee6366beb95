// The answer to words that are Ansible's and not ours.
import { peerHint } from '../peer-words.js'

/** What stands for words of an Ansible play. */
const ofPlays: Record<string, string> = {
  pre_tasks: 'they are `tasks` too: put them first, and roles after them as `role: NAME`',
  post_tasks: 'they are `tasks` too: put them last',
  max_fail_percentage: 'it is `max_fail: "30%"`',
  any_errors_fatal: 'it is `max_fail: 0`',
  strategy: 'hosts go on by themselves; `serial` takes them in batches',
  force_handlers: 'a handler that a failed run left due is done by the next run',
  vars_prompt: 'nothing asks in the middle of a run: `--var NAME=VALUE`, or `secrets:`',
  gather_facts: 'facts are always read: see `longshore facts`',
  order: 'hosts stand in the order of the file',
}

/** The answer to an unknown word of a play, a block or a task; undefined where it is no word of Ansible's. */
export function peerAnswer(word: string, place: 'a play' | 'a block' | 'a task'): string | undefined {
  const hint = (place === 'a play' && Object.hasOwn(ofPlays, word) ? ofPlays[word] : undefined) ?? peerHint(word)
  return hint === undefined ? undefined : `unknown word "${word}" in ${place}: ${hint}`
}
