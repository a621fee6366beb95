// Compose projects as folders of files: the kinds that people publish, each with what runs it.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { packageRoot } from '../../../cli/package-root.js'
import type { ComposeCase } from './case.js'

const folder = join(packageRoot, 'test/providers/compose/stacks')

function filesOf(stack: string): Record<string, string> {
  const paths = readdirSync(join(folder, stack), { recursive: true, encoding: 'utf8' }).map(path =>
    join(folder, stack, path),
  )
  const files = paths.filter(path => statSync(path).isFile())
  return Object.fromEntries(files.map(path => [relative(join(folder, stack), path), readFileSync(path, 'utf8')]))
}

/** What a folder cannot say of itself. */
const told: Record<string, Partial<ComposeCase>> = {
  override: { use: ['compose.yaml', 'compose.prod.yaml', 'compose.last.yaml'] },
  extends: { environment: { BASE_VALUE: 'of the shell' } },
  'build-inline': { environment: { NAME: 'stranger' }, look: 'docker exec cmp-tool-1 cat /greeting /note.txt' },
  'build-targets': {
    look: 'docker exec cmp-web-1 sh -c "cat built; ls -a; env | grep APP"; docker exec cmp-web-dev-1 id',
  },
  monitoring: {
    look: 'docker exec cmp-board-1 stat -c "%a %u:%g" /etc/board.ini; docker exec cmp-board-1 cat /etc/board.ini',
  },
  jobs: { look: 'docker logs cmp-app-1' },
  vault: {
    look: `for each in app reader; do docker exec cmp-$each-1 sh -c '
      cd /; for file in run/secrets/* etc/app/* plain; do test ! -e $file || { stat -c "%a %u:%g %n" $file; cat $file; }; done'; done`,
  },
  storage: {
    before: 'docker volume create cmp-outside-volume',
    after: 'docker volume rm cmp-outside-volume',
    look: 'docker exec cmp-app-1 cat /one.txt /tree/one.txt',
  },
  shells: {
    profiles: ['main', 'extra'],
    environment: { SECONDS: '900', FROM_FILE: 'of the shell', SHELL_ONLY: 'x' },
    look: 'docker exec cmp-app-1 env | grep -v ^HOSTNAME= | sort',
  },
}

/** All stacks by their folder's name. */
export const stackCases: readonly ComposeCase[] = readdirSync(folder)
  .sort()
  .map(name => ({ name, files: filesOf(name), ...told[name] }))
