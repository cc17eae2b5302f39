/** Lane 1's load: whole replies, as many requests as connections allow. */
import { chatRequest } from './body.ts'
import { askOver, requestHead } from './connections.ts'
import { percentile } from './stats.ts'
import type { WholeJob, WholeResult } from './types.ts'

/** Runs one job. */
export async function loadWhole(job: WholeJob): Promise<WholeResult> {
  const body = chatRequest(job.bytes, false)
  const request = Buffer.from(`${requestHead(job.port, job.headers, body.length)}${body}`)
  const from = performance.now() + job.warmMs
  const until = from + job.measureMs
  const latenciesMs: number[] = []
  let sent = 0
  let refused = 0
  const broken = await askOver({
    port: job.port,
    connections: job.connections,
    next: (nowMs) => {
      if (nowMs >= until) return null
      sent += 1
      return request
    },
    seen: ({ status, begunMs, endMs }) => {
      if (status !== 200) refused += 1
      else if (begunMs >= from && endMs < until) latenciesMs.push(endMs - begunMs)
    },
  })
  const sorted = Float64Array.from(latenciesMs).sort()
  return {
    counted: sorted.length,
    sent,
    failures: refused + broken,
    requestsPerSecond: (sorted.length * 1000) / job.measureMs,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
  }
}
