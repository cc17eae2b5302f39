/** Lane 2's load: so many streams at once, each counted event by event. */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from './stats.ts'
import { type AskedStream, STREAM_SKINS } from './stream-skins.ts'
import { EVENT_GAP_MS, EVENTS, type StreamsJob, type StreamsResult } from './types.ts'

interface Seen {
  readonly firstMs: number
  readonly gapsMs: readonly number[]
  readonly events: number
  /** Began with 200 and ended as its protocol has it. */
  readonly whole: boolean
}

const PROMPT_BYTES = 200

/** Runs one job. The first streams start spread over one stream's length: from then on as many are under way. */
export async function loadStreams(job: StreamsJob, events = EVENTS, gapMs = EVENT_GAP_MS): Promise<StreamsResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: job.atOnce })
  const asked = STREAM_SKINS[job.skin]
  const body = asked.body(PROMPT_BYTES)
  const seen: Seen[] = []
  let begun = 0
  const drive = async (_: unknown, place: number): Promise<void> => {
    if (job.isBurst !== true) await sleep((place * events * gapMs) / job.atOnce)
    while (begun < job.inAll) {
      begun += 1
      seen.push(await readStream(job, agent, asked, body))
    }
  }
  await Promise.all(Array.from({ length: job.atOnce }, drive))
  agent.destroy()

  const gapsMs = Float64Array.from(seen.flatMap((one) => one.gapsMs)).sort()
  const firstMs = Float64Array.from(seen.map((one) => one.firstMs)).sort()
  const arrived = seen.reduce((sum, one) => sum + one.events, 0)
  return {
    streams: seen.length,
    failures: seen.filter((one) => !one.whole).length,
    eventsLost: seen.length * events - arrived,
    firstMs: percentile(firstMs, 0.5),
    firstMaxMs: firstMs.at(-1) ?? Number.POSITIVE_INFINITY,
    gapP50Ms: percentile(gapsMs, 0.5),
    gapP99Ms: percentile(gapsMs, 0.99),
  }
}

/** Longest end of a stream that is looked at. */
const TAIL_CHARS = 8192

function readStream(
  job: StreamsJob,
  agent: Agent,
  { path, mark, end: ending }: AskedStream,
  body: string,
): Promise<Seen> {
  return new Promise((resolve) => {
    const begun = performance.now()
    const gapsMs: number[] = []
    let events = 0
    let firstMs = Number.POSITIVE_INFINITY
    let last = 0
    let tail = ''
    let ends = ''
    let status = 0
    const end = (): void => resolve({ firstMs, gapsMs, events, whole: status === 200 && ending.test(ends) })
    const call = request(
      { agent, port: job.port, host: '127.0.0.1', method: 'POST', path, headers: job.headers },
      (reply) => {
        status = reply.statusCode ?? 0
        reply.setEncoding('latin1')
        reply.on('data', (chunk: string) => {
          const now = performance.now()
          const text = tail + chunk
          ends = (ends + chunk).slice(-TAIL_CHARS)
          // A mark cut in two by the network is whole in the next turn; one that was counted is not kept.
          tail = text.slice(Math.max(0, text.length - mark.length + 1))
          const arrived = text.split(mark).length - 1
          for (let index = 0; index < arrived; index += 1) {
            if (events === 0) firstMs = now - begun
            else gapsMs.push(index === 0 ? now - last : 0)
            events += 1
            last = now
          }
        })
        reply.on('close', end)
      },
    )
    call.on('error', end)
    call.end(body)
  })
}
