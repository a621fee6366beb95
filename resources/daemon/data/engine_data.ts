// The `engine_data` kind: the folder of a container engine's images, containers and volumes; the data is copied when it lies elsewhere.
import { UserError } from '../../../core/errors.js'
import { resource } from '../../../core/resource.js'
import { z } from '../../../core/schema.js'
import { sh } from '../../../core/sh.js'
import { pendingChange } from '../changes.js'
import { daemonText } from '../merge.js'
import { dataRoot } from '../moves.js'
import { engineFolder, engineProbe } from '../probe.js'
import { rolledBackCode } from '../run-script.js'
import { readEngine } from '../seen.js'
import { changeScript, recoverScript } from '../transaction.js'
import { engineSchema } from '../want.js'
import { type DataSeen, isDue, moveChanges, moveDecision, plainFolder, readFolders, refuseMove } from './move.js'
import { lookText, moveText } from './script.js'

const schema = z.strictObject({
  root: z
    .string()
    .regex(/^\/[^\p{Cc}"\\]*[^\p{Cc}"\\/]\/?$/u, 'must be an absolute path, and not /')
    .transform(plainFolder)
    .describe('Where the data is to be; what daemon.json calls data-root'),
  deadline: z.int().min(5).max(600).default(60).describe('Seconds within which the engine must be up again there'),
})

type Want = z.infer<typeof schema>

/** Moves what an engine has. Where it has nothing yet there is nothing to do: `engine_config` then sets the folder alone. */
export const engineData = resource<Want, DataSeen>({
  kind: 'engine_data',
  schema,
  rolledBackCode,
  summary:
    'Moves an engine’s images, containers and volumes to another folder: it stops, all is copied and compared, and it starts there, or goes back.',
  example: `- engine_data: { root: /var/lib/docker }
`,
  name: want => `engine data in ${want.root}`,
  probe: () => sh`${engineProbe}
if [ -r ${engineFolder}/moved-from ]; then
  while IFS= read -r folder; do if [ -d "$folder" ]; then echo "left=$folder"; fi; done <${engineFolder}/moved-from
fi
echo done`,
  read(out) {
    if (!out.endsWith('done\n'))
      throw new UserError('the host did not say where the data of its engine is', { output: out.slice(-2000) })
    const engine = readEngine(out)
    const left = [...out.matchAll(/^left=(.*)$/gm)].map(([, folder = '']) => folder)
    return { engine, left: left.filter(folder => folder !== dataRoot(engine)) }
  },
  content: ({ root }, seen) => (isDue(root, seen) ? lookText(dataRoot(seen.engine), root) : undefined),
  withContent: (out, _, seen) => ({ ...seen, folders: readFolders(out) }),
  diff({ root }, seen) {
    // what was cut off is seen to by the configuration, unless it was a move
    const pending = seen.engine.pending === 'moved' || isDue(root, seen) ? pendingChange(seen.engine.pending) : []
    if (!isDue(root, seen)) return pending
    refuseMove(root, seen)
    return [...pending, ...moveChanges(root, seen)]
  },
  verb: (want, seen) => (isDue(want.root, seen) ? 'move' : 'settle'),
  apply({ root, deadline }, seen) {
    const { engine } = seen
    const recovery = engine.pending === 'none' ? [] : [recoverScript]
    if (!isDue(root, seen)) return recovery
    const decision = moveDecision(root, seen)
    // live-restore would keep the containers, in the old folder
    const first =
      decision.before['live-restore'] === true ? daemonText({ ...decision.before, 'live-restore': false }) : undefined
    const parts: [string, string | undefined][] = [
      ['move', moveText(dataRoot(engine), root)],
      ['new/first', first],
    ]
    return [...recovery, changeScript(engineSchema.parse({ deadline }), engine, decision, parts)]
  },
  touches: () => ['file:/etc/docker/daemon.json', 'service:docker'],
  warnings: (_, { left }) =>
    left.map(
      folder => `the engine’s data before it was moved is still in ${folder}: remove it when you need it no more`,
    ),
  stops: ({ root }, seen) => (isDue(root, seen) && seen.engine.running ? seen.engine.containers : []),
  result: (_, { engine, left }) => ({ root: dataRoot(engine), left }),
})
