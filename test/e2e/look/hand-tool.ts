// The lab by hand: `up` gives a host and a project file that the product can use at once.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { cacheDir, labHost, labKey, labList } from '../../lab/index.js'
import { packageRoot, testProject, told } from '../command.js'

/** The hand tool with an owner and a cache of its own, whose images and key are the machine's. */
function handTool(owner: string, cache: string): (...args: string[]) => Promise<{ code: number; text: string }> {
  const env = { ...process.env, LONGSHORE_LAB_OWNER: owner, XDG_CACHE_HOME: cache }
  const main = join(packageRoot, 'dist', 'test', 'lab', 'main.js')
  return (...args) =>
    new Promise(resolve => {
      execFile(process.execPath, [main, ...args], { env }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, text: stdout + stderr }),
      )
    })
}

/** `up` starts a host, `list` shows it, the product enters it, `down` removes it and no one else's. */
export async function testHandTool(t: Test): Promise<void> {
  await labKey()
  const cache = mkdtempSync(join(tmpdir(), 'longshore-hand-'))
  const own = join(cache, 'longshore-lab')
  mkdirSync(own)
  for (const name of readdirSync(cacheDir()))
    if (!/\.lock$|\.yaml$|\.log$/.test(name)) symlinkSync(join(cacheDir(), name), join(own, name))
  const owner = `hand-${process.pid}`
  const tool = handTool(owner, cache)
  t.teardown(async () => {
    await tool('down')
    rmSync(cache, { recursive: true, force: true })
  })
  const other = await labHost()
  t.teardown(() => other.remove())

  const up = await tool('up', '1')
  t.equal(up.code, 0, up.text)
  const file = join(own, 'longshore.yaml')
  t.match(
    up.text,
    new RegExp(
      `^lab1 +127\\.0\\.0\\.1:\\d+[\\s\\S]*project file: ${file}\nenter one: +longshore -f ${file} ssh lab1\n`,
    ),
  )
  t.match((await tool('list')).text, new RegExp(`^lab1  running  127\\.0\\.0\\.1:\\d+ .* owner ${owner}$`, 'm'))
  const project = testProject({})
  t.teardown(() => project.remove())
  const entered = await project.run(['-f', file, 'ssh', 'lab1', '--', 'hostname'])
  t.same([entered.code, entered.stdout], [0, 'lab1\n'], told(entered))
  const [first] = await labList(owner)
  const again = await tool('up', '1')
  t.equal(again.code, 0, again.text)
  t.equal((await labList(owner))[0]?.port, first?.port, 'a host that runs is kept')
  t.equal((await tool('nonsense')).code, 2)

  t.match((await tool('down')).text, /^1 hosts? removed$/m)
  t.same(await labList(owner), [])
  t.equal((await other.sh('echo here')).stdout, 'here\n', "down leaves other owners' hosts")
}
