/** Many clients that want more than they are given: they press, wait when they are told to, and leave at random if asked to. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Exchange } from './http-client.ts'
import { pick } from './http-client.ts'
import { type Order, TOKEN } from './metered-origin.ts'
import type { TestSluice } from './sluice.ts'

/** How one request of the crowd ended, as its client saw it. */
export interface Experience {
  readonly sentAtMs: number
  /** 0 where the connection broke, or the client left, before there was a status. */
  readonly status: number
  readonly code: string | undefined
  readonly limitedBy: string | undefined
  readonly left: boolean
  /** Tokens of a stream that reached it. */
  readonly tokens: number
}

export interface CrowdPlan {
  readonly clients: number
  readonly forMs: number
  readonly key: string
  readonly model: string
  readonly order: Order
  readonly stream?: boolean
  readonly maxTokens?: number
  readonly maxWaitMs?: number
  /** Come back after this, whatever a refusal says; default: when it says. */
  readonly pauseMs?: number
  /** Share of the requests whose client resets its connection, at a random moment of so many ms. Default none. */
  readonly leave?: { readonly share: number; readonly withinMs: number }
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** Clients do not all begin in the same millisecond. */
const BEGIN_WITHIN_MS = 300
/** Between tries at a server that is gone. */
const RETRY_MS = 50
/** For those who are refused without being told when to come back. */
const PAUSE_MS = 250

/** The same numbers in [0, 1) for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Runs a crowd over all isolates until its time is up and its last request has ended. */
export async function press(sluice: TestSluice, plan: CrowdPlan): Promise<Experience[]> {
  const untilMs = Date.now() + plan.forMs
  const experiences: Experience[] = []
  let index = 0
  const client = async (_: unknown, number: number): Promise<void> => {
    await sleep((number * BEGIN_WITHIN_MS) / plan.clients)
    const url = sluice.urls[number % sluice.urls.length] ?? sluice.url
    while (Date.now() < untilMs) {
      index += 1
      const body = {
        model: plan.model,
        messages: [{ role: 'user', content: 'hi' }],
        order: { ...plan.order, index, sentMs: Date.now() },
        ...(plan.stream === true ? { stream: true } : {}),
        ...(plan.maxTokens === undefined ? {} : { max_tokens: plan.maxTokens }),
      }
      const headers = plan.maxWaitMs === undefined ? {} : { 'x-sluice-max-wait-ms': String(plan.maxWaitMs) }
      const exchange = sluice.begin(plan.key, '/v1/chat/completions', body, { url, headers })
      const leaveAfterMs = leavesAfter(plan)
      const { experience, pauseMs } = await live(exchange, leaveAfterMs)
      const { status } = experience
      experiences.push(experience)
      await sleep(Math.min(status === 200 ? 0 : (plan.pauseMs ?? pauseMs), Math.max(0, untilMs - Date.now())))
    }
  }
  await Promise.all(Array.from({ length: plan.clients }, client))
  return experiences
}

/** When this request's client leaves, ms after it was sent; null for one who stays. */
function leavesAfter({ leave, random }: CrowdPlan): number | null {
  const [dice, moment] = [random(), random()]
  return leave !== undefined && dice < leave.share ? moment * leave.withinMs : null
}

async function live(
  exchange: Exchange,
  leaveAfterMs: number | null,
): Promise<{ experience: Experience; pauseMs: number }> {
  const sentAtMs = Date.now()
  const over = new AbortController()
  let left = false
  if (leaveAfterMs !== null) {
    void sleep(leaveAfterMs, undefined, { signal: over.signal })
      .then(() => {
        left = true
        return exchange.reset()
      })
      .catch(() => {})
  }
  const reply = await exchange.reply.catch(() => undefined)
  over.abort()
  const status = reply?.status ?? 0
  const code = status >= 400 && reply !== undefined ? pick(JSON.parse(reply.body || '{}'), 'error', 'code') : undefined
  const experience: Experience = {
    sentAtMs,
    status,
    code: typeof code === 'string' ? code : undefined,
    limitedBy: reply?.headers['x-sluice-limited-by'],
    left,
    tokens: exchange.soFar().split(TOKEN).length - 1,
  }
  if (status === 0) return { experience, pauseMs: left ? 0 : RETRY_MS }
  if (status === 200) return { experience, pauseMs: 0 }
  return { experience, pauseMs: Number(reply?.headers['retry-after-ms'] ?? PAUSE_MS) }
}
