// Containers that do one thing for us and end.
import { UserError } from '../../../core/errors.js'
import type { MachineWork } from '../../../core/machines/machine.js'
import { demultiplexer } from '../api/stream.js'
import { remove, start } from '../containers/calls.js'
import type { DockerEngine } from '../open.js'

/** The last lines that a container has said; one that comes again and again is there once. */
export async function wordsOf({ api }: DockerEngine, container: string, tail = 20): Promise<string> {
  const path = `/containers/${encodeURIComponent(container)}/logs`
  let text = ''
  const take = demultiplexer(chunk => {
    text = (text + Buffer.from(chunk).toString('utf8')).slice(-8000)
  })
  for await (const chunk of await api.stream({ path, query: { stdout: true, stderr: true, tail }, alone: true }))
    take(chunk as Buffer)
  const lines = text.trim().split('\n')
  return lines.filter((line, index) => line !== lines[index - 1]).join('\n')
}

/** Makes a container and waits until it has ended; it is left for what comes after. A UserError with its last words where it failed; it is gone then. */
export async function runToEnd(
  engine: DockerEngine,
  name: string,
  body: object,
  { signal }: MachineWork,
): Promise<{ id: string }> {
  const { api, scope } = engine
  await remove(engine, name, false)
  const { Id: id } = await api.json<{ Id: string }>({
    method: 'POST',
    path: '/containers/create',
    query: { name },
    body,
    signal,
  })
  try {
    await start(engine, id, signal)
    const path = `/containers/${id}/wait`
    const { StatusCode } = await api.json<{ StatusCode: number }>({ method: 'POST', path, signal, alone: true })
    if (StatusCode !== 0)
      throw new UserError(`the container ${name} ended with ${StatusCode}`, {
        where: scope.name,
        output: await wordsOf(engine, id),
      })
    return { id }
  } catch (error) {
    await remove(engine, id, false)
    throw error
  }
}
