// A load of requests on a front door that counts everything that goes wrong with any of them.
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a load came to. */
export interface Load {
  /** How many answers were of each text. */
  answers: Map<string, number>
  /** What went wrong, in words. */
  failures: string[]
  /** Waits until so many more requests have been answered. */
  more(count: number): Promise<void>
  stop(): Promise<void>
}

/** One request; its text, or an error for anything but 200. */
export async function get(
  port: number,
  host: string,
  path = '/',
  agent: Agent | undefined = undefined,
): Promise<string> {
  const answer = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers: { host }, agent: agent ?? false }, resolve)
    sent.setTimeout(20_000, () => sent.destroy(new Error('no answer in 20 s')))
    sent.on('error', reject)
    sent.end()
  })
  const body = (await text(answer)).trim()
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode} ${body}`)
  return body
}

/** Starts so many clients; every second one keeps its connection, the others make a new one for each request. */
export function startLoad(port: number, host: string, clients = 8): Load {
  const answers = new Map<string, number>()
  const failures: string[] = []
  let isOver = false
  let count = 0
  const client = async (index: number): Promise<void> => {
    const agent = index % 2 === 0 ? new Agent({ keepAlive: true, maxSockets: 1 }) : undefined
    while (!isOver) {
      try {
        const body = await get(port, host, '/', agent)
        answers.set(body, (answers.get(body) ?? 0) + 1)
      } catch (error) {
        failures.push(`${agent ? 'kept' : 'new'} connection: ${error instanceof Error ? error.message : String(error)}`)
      }
      count++
      await sleep(8)
    }
    agent?.destroy()
  }
  const all = Array.from({ length: clients }, (_, index) => client(index))
  return {
    answers,
    failures,
    async more(wanted) {
      for (const end = count + wanted; count < end; ) await sleep(20)
    },
    async stop() {
      isOver = true
      await Promise.all(all)
    },
  }
}
