/** The limits lane's load: requests at a steady rate, whatever becomes of those before, spread over several ports. */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { chatRequest, stamped } from './body.ts'
import { percentile } from './stats.ts'
import { type OpenJob, type OpenResult, PATH } from './types.ts'

/** How often requests that are due are sent. */
const TICK_MS = 5

/** Runs one job. */
export async function loadOpen(job: OpenJob): Promise<OpenResult> {
  const agent = new Agent({ keepAlive: true })
  const body = chatRequest(job.bytes, false)
  const latenciesMs: number[] = []
  const pending: Promise<void>[] = []
  const counts = { granted: 0, refused: 0, failures: 0 }
  const drive = async (port: number): Promise<void> => {
    const begun = performance.now()
    const status = await ask(port, job.headers, agent, stamped(body, Date.now()))
    if (status === 200) {
      counts.granted += 1
      latenciesMs.push(performance.now() - begun)
    } else if (status === 429) counts.refused += 1
    else counts.failures += 1
  }

  const from = performance.now()
  const inAll = Math.ceil((job.forMs * job.perSecond) / 1000)
  let sent = 0
  while (sent < inAll) {
    const dueMs = performance.now() - from
    for (const due = Math.min(inAll, (dueMs * job.perSecond) / 1000 + 1); sent < due; sent += 1) {
      const port = job.ports[sent % job.ports.length]
      if (port !== undefined) pending.push(drive(port))
    }
    await sleep(TICK_MS)
  }
  await Promise.all(pending)
  agent.destroy()
  const sorted = Float64Array.from(latenciesMs).sort()
  return { ...counts, sent, p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99) }
}

/** The reply's status, once it is read; 0 where the connection broke. */
function ask(port: number, headers: OpenJob['headers'], agent: Agent, body: string): Promise<number> {
  return new Promise((resolve) => {
    const call = request({ agent, port, host: '127.0.0.1', method: 'POST', path: PATH, headers }, (reply) => {
      reply.resume()
      reply.on('close', () => resolve(reply.complete ? (reply.statusCode ?? 0) : 0))
    })
    call.on('error', () => resolve(0))
    call.end(body)
  })
}
