// Mistakes on the way from includes and roles to tasks, each with its place.
import type { Test } from 'tap'
import { UserError } from '../../../core/errors.js'
import { linesOf } from './opened.js'

/** The error's place and words, as a user sees them. */
async function mistake(run: () => Promise<unknown>): Promise<string> {
  try {
    await run()
    return 'none'
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const { at, hint } = error
    const place = `${at?.file.replace('/p/', '')}:${at?.line}:${at?.column}`
    return `${error.exit} ${place}: ${error.message}${hint === undefined ? '' : ` (${hint})`}`.replaceAll('/p/', '')
  }
}

/** Mistakes that are found when uses are opened and tasks get their values. */
export async function testOpeningMistakes(t: Test): Promise<void> {
  const rows: [string, string, Record<string, string>, string][] = [
    [
      'a variable',
      '- say: "{{ x }}"',
      {},
      '3 b/play.yaml:3:16: "x" is not known; known: facts, groups, host, hosts, of, own, secrets, vars',
    ],
    [
      'in a file name',
      '- include: "a{{ oww }}.yaml"',
      {},
      '3 b/play.yaml:3:21: "oww" is not known; did you mean "own"?',
    ],
    [
      'in a condition',
      '- { include: a.yaml, when: "a || oww" }',
      { '/p/b/a.yaml': '' },
      '3 b/play.yaml:3:33: "a" is not known; known: facts, groups, host, hosts, of, own, secrets, vars',
    ],
    [
      'in a label',
      '- { say: a, loop: [1], loop_control: { label: "{{ itm }}" } }',
      {},
      '3 b/play.yaml:3:55: "itm" is not known; did you mean "item"?',
    ],
    [
      'in what is given',
      '- { include: { file: a.yaml, vars: { x: "{{ item }}{{ oww }}" } }, loop: [1] }',
      { '/p/b/a.yaml': '' },
      '3 b/play.yaml:3:7: in the variable x: "oww" is not known; did you mean "own"?',
    ],
    [
      'a loop over text',
      '- { name: l, say: a, loop: own }',
      {},
      '3 b/play.yaml:3:32: the loop of "l" must give a list or a map (write a list, a map, or an expression that gives one)',
    ],
    [
      'a loop over a number',
      '- { name: l, say: a, loop: "{{ n }}", vars: { n: 5 } }',
      {},
      '3 b/play.yaml:3:32: the loop of "l" must give a list or a map (write a list, a map, or an expression that gives one)',
    ],
    [
      'a missing file',
      '- include: "{{ own }}.yaml"',
      {},
      '3 b/play.yaml:3:16: there is no file host.yaml to include; looked for b/host.yaml and host.yaml',
    ],
    [
      'a missing role',
      '- role: "{{ own }}"',
      {},
      '3 b/play.yaml:3:13: there is no role "host"; looked for b/roles/host and roles/host',
    ],
    [
      'a name that is no text',
      '- { include: "{{ n }}", vars: { n: [1] } }',
      {},
      '3 b/play.yaml:3:18: the name of this include must be text',
    ],
    [
      'in the file',
      '- include: "{{ own }}.yaml"',
      { '/p/b/host.yaml': '- sya: x\n- { say: x, retries: x }\n' },
      '3 b/host.yaml:1:3: 2 mistakes\nb/host.yaml:1:3: unknown word "sya" in a task; did you mean "say"?\nb/host.yaml:2:22: retries must be a number, not "x"',
    ],
    [
      'an argument in a role',
      '- role: r',
      { '/p/roles/r/tasks/main.yaml': '- { say: "{{ n }}", vars: { n: [1] } }\n' },
      '3 roles/r/tasks/main.yaml:1:10: say must be text, not a list',
    ],
    [
      'a handler',
      '- include: "{{ own }}.yaml"\n- { say: a, notify: nobdy }\n',
      { '/p/b/host.yaml': '- { say: x, notify: nobody }\n' },
      '3 b/host.yaml:1:21: there is no handler "nobody" in this play',
    ],
    [
      'a circle',
      '- include: "{{ own }}.yaml"',
      { '/p/b/host.yaml': '- include: "{{ own }}.yaml"\n' },
      '3 b/host.yaml:1:3: includes stand in one another more than 40 deep: … → include {{ own }}.yaml → include {{ own }}.yaml → include {{ own }}.yaml → include {{ own }}.yaml',
    ],
    [
      'a circle behind',
      '- include: "{{ own }}.yaml"',
      { '/p/b/host.yaml': '- include: a.yaml\n', '/p/b/a.yaml': '- include: host.yaml\n' },
      '3 b/host.yaml:1:12: these lead back to themselves: a.yaml → host.yaml → a.yaml',
    ],
    [
      'a host',
      '- { say: a, delegate_to: "{{ o }}", vars: { o: othr } }',
      {},
      '3 b/play.yaml:3:30: there is no host "othr" to delegate to; did you mean "other"?',
    ],
    [
      'a source',
      '- role: r',
      { '/p/roles/r/tasks/main.yaml': '- source: nope\n' },
      '3 roles/r/tasks/main.yaml:1:11: nope is not there (looked for roles/r/nope and roles/r/files/nope and b/nope and b/files/nope and nope and files/nope)',
    ],
  ]
  for (const [name, play, files, expected] of rows) t.equal(await mistake(() => linesOf(play, files)), expected, name)
}
