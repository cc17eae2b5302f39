/** One attempt at a scripted upstream, and what can be seen of it from outside. */
import { vi } from 'vitest'
import type { InferenceRequest } from '../../src/core/inference.ts'
import { type AttemptResult, attempt } from '../../src/dispatch/attempt.ts'
import type { Ended, Live, LiveStream } from '../../src/dispatch/live-stream.ts'
import type { ReplicaLease } from '../../src/dispatch/replica.ts'
import {
  candidatesOf,
  deploymentOf,
  pathServices,
  requestOf,
  type Script,
  STARTED_AT_MS,
  scriptedProvider,
} from './path.ts'

export const HEADERS_MS = 1000
export const IDLE_MS = 400
const TOTAL_MS = 10_000
const pool = { replicas: [{ id: 'a', url: 'https://a.example/v1' }] }

/** Begins an attempt at an upstream that answers by the script; a replica of its own tells how it was judged. */
export function begun(
  script: Script,
  more: Partial<InferenceRequest> = {},
  clocks: { headersMs?: number; totalMs?: number; isCallers?: boolean } = {},
) {
  const provider = scriptedProvider({ m: [script] })
  const services = pathServices(provider)
  const deployment = deploymentOf({
    providers: { p: { protocol: 'openai', pool } },
    models: { model: { targets: [{ provider: 'p', model: 'm' }] } },
  })
  const [candidate] = candidatesOf(deployment).candidates
  if (candidate === undefined) throw new Error('no candidate')
  const judged: string[] = []
  const lease: ReplicaLease = {
    replica: { id: 'a', url: 'https://a.example/v1' },
    choice: { reason: 'only', matchedBlocks: 0, blocks: 0, candidates: [] },
    first: () => void judged.push('first'),
    release: (outcome) => void judged.push(outcome),
  }
  const client = new AbortController()
  const added = vi.spyOn(client.signal, 'addEventListener')
  const removed = vi.spyOn(client.signal, 'removeEventListener')
  const request = requestOf(more)
  const bounds = {
    headersMs: clocks.headersMs ?? HEADERS_MS,
    isCallers: clocks.isCallers ?? false,
    idleMs: IDLE_MS,
    totalAtMs: STARTED_AT_MS + (clocks.totalMs ?? TOTAL_MS),
  }
  const result = attempt(services, candidate, request, bounds, lease, client.signal)
  const listening = () => added.mock.calls.length - removed.mock.calls.length
  return { result, services, provider, client, judged, listening, clock: services.clock }
}

/** The same for a request of a stream. */
export const streamed = (script: Script, more: Partial<InferenceRequest> = {}) =>
  begun(script, { stream: true, ...more })

/** The fault that it came to. */
export async function faultOf(result: Promise<AttemptResult>) {
  const settled = await result
  if (settled.kind !== 'fault') throw new Error(`no fault but ${settled.kind}`)
  return settled.fault
}

/** The stream that it came to. */
export async function liveOf(result: Promise<AttemptResult>): Promise<LiveStream> {
  const settled = await result
  if (settled.kind !== 'stream') throw new Error(`no stream but ${JSON.stringify(settled)}`)
  return settled.live
}

/** Everything a stream says, and how it ends. */
export async function drained(live: Live): Promise<{ said: string; ended: Ended }> {
  let said = ''
  for (;;) {
    const next = await live.next()
    if (!(next instanceof Uint8Array)) return { said, ended: next }
    said += new TextDecoder().decode(next)
  }
}
