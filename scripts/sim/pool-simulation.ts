/** Discrete-event simulation of a pool: arrivals, a router, engines, and the way between them. No I/O. */
import { EventQueue } from './event-queue.ts'
import { Engine, type EngineOptions } from './pool-engine.ts'
import type { Decision, PoolArrival, Router } from './pool-router.ts'

/** What became of one request. */
export interface Fate {
  readonly arrival: PoolArrival
  /** From its arrival to its first token at the gateway, ms; null: refused. */
  readonly firstMs: number | null
  readonly cachedTokens: number
  /** Time that the engine gave to its prompt, ms. */
  readonly busyMs: number
  readonly refused: { readonly why: string; readonly afterMs: number; readonly retryAfterMs: number } | null
}

/** What a run is made of. */
export interface PoolScenario {
  readonly replicas: number
  /** From the router to an engine and back, ms. */
  readonly rttMs: number
  readonly engine: EngineOptions
}

type Event =
  | { readonly kind: 'arrives'; readonly arrival: PoolArrival }
  | { readonly kind: 'reaches'; readonly arrival: PoolArrival; readonly replica: number }
  | { readonly kind: 'first'; readonly arrival: PoolArrival; readonly replica: number }
  | { readonly kind: 'ended'; readonly arrival: PoolArrival; readonly replica: number; readonly cachedTokens: number }
  | { readonly kind: 'wake' }

/** Runs all arrivals through a router; the fates in the order in which they were decided. */
export function simulatePool(router: Router, arrivals: readonly PoolArrival[], scenario: PoolScenario): Fate[] {
  const wayMs = scenario.rttMs / 2
  const engines = Array.from({ length: scenario.replicas }, () => new Engine(scenario.engine))
  const events = new EventQueue<Event>()
  const pending = new Map<string, PoolArrival>()
  const fates: Fate[] = []
  let wakeMs = Number.POSITIVE_INFINITY
  for (const arrival of arrivals) events.add(arrival.atMs, { kind: 'arrives', arrival })

  const apply = (decisions: readonly Decision[], nowMs: number): void => {
    for (const decision of decisions) {
      const arrival = pending.get(decision.id)
      if (arrival === undefined) throw new Error(`${router.name} decided twice about request ${decision.id}`)
      pending.delete(decision.id)
      if ('replica' in decision) events.add(nowMs + wayMs, { kind: 'reaches', arrival, replica: decision.replica })
      else {
        const refused = { why: decision.refused, afterMs: nowMs - arrival.atMs, retryAfterMs: decision.retryAfterMs }
        fates.push({ arrival, firstMs: null, cachedTokens: 0, busyMs: 0, refused })
      }
    }
  }
  const happen = (event: Event, nowMs: number): readonly Decision[] => {
    if (event.kind === 'wake') return router.woken(nowMs)
    const { arrival } = event
    if (event.kind === 'arrives') {
      pending.set(arrival.id, arrival)
      return router.arrived(arrival, nowMs)
    }
    const { replica } = event
    if (event.kind === 'first') return router.first(arrival, replica, nowMs)
    if (event.kind === 'ended') return router.ended(arrival, replica, event.cachedTokens, nowMs)
    const run = engines[replica]?.run(arrival, nowMs)
    if (run === undefined) throw new Error(`${router.name} named no replica: ${replica}`)
    const { cachedTokens, busyMs } = run
    events.add(run.firstMs + wayMs, { kind: 'first', arrival, replica })
    events.add(run.endMs + wayMs, { kind: 'ended', arrival, replica, cachedTokens })
    fates.push({ arrival, firstMs: run.firstMs + wayMs - arrival.atMs, cachedTokens, busyMs, refused: null })
    return []
  }
  for (let next = events.next(); next !== undefined; next = events.next()) {
    const { atMs, event } = next
    if (event.kind === 'wake' && atMs >= wakeMs) wakeMs = Number.POSITIVE_INFINITY
    apply(happen(event, atMs), atMs)
    const dueMs = router.wakeAtMs(atMs)
    if (dueMs !== null && dueMs < wakeMs) {
      wakeMs = Math.max(atMs, dueMs)
      events.add(wakeMs, { kind: 'wake' })
    }
  }
  if (pending.size > 0) throw new Error(`${router.name} has forgotten ${pending.size} requests`)
  return fates
}
