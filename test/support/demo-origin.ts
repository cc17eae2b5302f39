/** A demo origin in this process, without speeds unless a test asks for some. */
import type { AddressInfo } from 'node:net'
import type { Fault } from '../../scripts/demo/faults.ts'
import { createReplica, type ReplicaOptions } from '../../scripts/demo/origin.ts'
import { createOrigin } from '../../scripts/demo/server.ts'

export type DemoOrigin = Awaited<ReturnType<typeof startDemoOrigin>>

export async function startDemoOrigin(options: Partial<ReplicaOptions> = {}, lasting?: Fault) {
  const lines: string[] = []
  const speeds = { prefillPerSecond: 0, decodePerSecond: 0, concurrency: 4, queue: 4, kvTokens: 10_000 }
  const replica = createReplica({
    name: 'test',
    contextTokens: 1000,
    ...speeds,
    log: (line) => lines.push(line),
    ...options,
  })
  const server = createOrigin(replica, lasting)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const post = (path: string, body: unknown, signal?: AbortSignal) =>
    fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body), ...(signal === undefined ? {} : { signal }) })
  return {
    /** Without a slash at its end. */
    url,
    /** What it has logged. */
    lines,
    post,
    /** As post, read as JSON. */
    ask: async (path: string, body: unknown) => JSON.parse(await (await post(path, body)).text()),
    get: async (path: string) => JSON.parse(await (await fetch(`${url}${path}`)).text()),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The data of a stream's events, parsed; `[DONE]` as that string. */
export function eventsOf(text: string): unknown[] {
  return text
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => event.replace(/^data: /, ''))
    .map((data) => (data === '[DONE]' ? data : JSON.parse(data)))
}
