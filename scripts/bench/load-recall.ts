/** The recall lane's load: questions by their numbers, and what the cache made of each. */
import { askOver, requestHead } from './connections.ts'
import { questionRequest } from './recall-body.ts'
import { percentile } from './stats.ts'
import type { KindFigures, RecallJob, RecallResult } from './types.ts'

const KIND = /\r\nx-sluice-cache: *(\w+)/i

interface Kind {
  sent: number
  readonly wholeMs: number[]
  readonly firstMs: number[]
}

/** Runs one job. */
export async function loadRecall(job: RecallJob): Promise<RecallResult> {
  const { model, opening, first, count, stream, inAll } = job
  const bodyOf = (index: number): string => questionRequest(model, opening, first + (index % count), stream)
  const head = requestHead(job.port, job.headers, bodyOf(0).length)
  // One question alone costs the load nothing to write, as in lane 1.
  const only = count === 1 ? Buffer.from(head + bodyOf(0)) : null
  const begun = performance.now()
  const from = begun + job.warmMs
  const until = inAll === null ? from + job.measureMs : Number.POSITIVE_INFINITY
  const kinds = new Map<string, Kind>()
  let sent = 0
  let refused = 0
  const broken = await askOver({
    port: job.port,
    connections: job.connections,
    next: (nowMs) => {
      if (nowMs >= until || sent === inAll) return null
      sent += 1
      return only ?? head + bodyOf(sent - 1)
    },
    seen: ({ status, head: replyHead, begunMs, firstMs, endMs }) => {
      if (status !== 200) {
        refused += 1
        return
      }
      const kind = kindOf(kinds, KIND.exec(replyHead)?.[1] ?? '')
      kind.sent += 1
      if (begunMs < from || endMs >= until) return
      kind.wholeMs.push(endMs - begunMs)
      kind.firstMs.push(firstMs - begunMs)
    },
  })
  const sorted = Float64Array.from([...kinds.values()].flatMap(({ wholeMs }) => wholeMs)).sort()
  const tookMs = inAll === null ? job.measureMs : performance.now() - begun
  return {
    counted: sorted.length,
    sent,
    failures: refused + broken,
    requestsPerSecond: (sorted.length * 1000) / tookMs,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    kinds: Object.fromEntries([...kinds].map(([name, kind]) => [name, figuresOf(kind)])),
  }
}

function kindOf(kinds: Map<string, Kind>, name: string): Kind {
  const known = kinds.get(name)
  if (known !== undefined) return known
  const kind = { sent: 0, wholeMs: [], firstMs: [] }
  kinds.set(name, kind)
  return kind
}

function figuresOf({ sent, wholeMs, firstMs }: Kind): KindFigures {
  const whole = Float64Array.from(wholeMs).sort()
  const first = Float64Array.from(firstMs).sort()
  return {
    sent,
    p50Ms: percentile(whole, 0.5),
    p99Ms: percentile(whole, 0.99),
    firstP50Ms: percentile(first, 0.5),
    firstP99Ms: percentile(first, 0.99),
  }
}
