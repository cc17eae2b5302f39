/** The pool lane's crowds: flows of requests side by side, each at its own pace, every one noted. */
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { chatOf, gapMs, wordsOf } from './pool-prompts.ts'
import { readChat } from './pool-stream.ts'
import type { Asked, CrowdJob, CrowdResult, Flow } from './pool-types.ts'
import { randomFrom } from './recall-body.ts'

/** Longest wait before somebody who was refused comes back: no pool tells anybody to stay away for longer. */
const PATIENCE_MS = 61_000

/** Runs one job: until everybody has been answered. */
export async function loadCrowd(job: CrowdJob): Promise<CrowdResult> {
  const agent = new Agent({ keepAlive: true })
  const from = performance.now()
  const asked: Asked[] = []
  const ask = async (flow: Flow, body: string, isReturn: boolean): Promise<Asked> => {
    const atMs = performance.now() - from
    const read = await readChat(agent, { port: job.port, headers: flow.headers, body })
    const one: Asked = {
      flow: flow.name,
      atMs,
      // A stream that broke is no answer; one that was refused late says so in its only event.
      status: read.status === 200 && !read.isWhole ? (read.errorStatus ?? 0) : read.status,
      firstMs: Number.isNaN(read.firstMs) ? null : read.firstMs,
      endMs: atMs + read.endMs,
      replica: textOf(read.headers['x-sluice-replica']),
      code: read.code,
      retryAfterMs: read.retryAfterMs ?? numberOf(read.headers['retry-after-ms']),
      isReturn,
    }
    asked.push(one)
    return one
  }
  const drive = async (flow: Flow, random: () => number): Promise<void> => {
    const body = chatOf(flow.model, [{ role: 'user', content: wordsOf(flow.promptTokens, random) }], flow.answerTokens)
    const { retryAfterMs } = await ask(flow, body, false)
    if (!job.isPatient || retryAfterMs === null || retryAfterMs > PATIENCE_MS) return
    await sleep(retryAfterMs)
    await ask(flow, body, true)
  }
  const run = async (flow: Flow, index: number): Promise<void> => {
    const random = randomFrom(job.seed + 1000 * index)
    const { pace } = flow
    if ('atOnce' in pace) {
      const places = Array.from({ length: pace.atOnce }, async () => {
        while (performance.now() - from < job.forMs) await drive(flow, random)
      })
      await Promise.all(places)
      return
    }
    const pending: Promise<void>[] = []
    for (let dueMs = gapMs(pace.perSecond, random); dueMs < job.forMs; dueMs += gapMs(pace.perSecond, random)) {
      const leftMs = dueMs - (performance.now() - from)
      if (leftMs > 0) await sleep(leftMs)
      pending.push(drive(flow, random))
    }
    await Promise.all(pending)
  }
  await Promise.all(job.flows.map(run))
  agent.destroy()
  return { asked }
}

const textOf = (value: string | string[] | undefined): string | null => (typeof value === 'string' ? value : null)

const numberOf = (value: string | string[] | undefined): number | null =>
  typeof value === 'string' && value !== '' ? Number(value) : null
