/** What the simulation asks of whoever chooses replicas, and what it tells it afterwards. No I/O. */
import type { PromptArrival } from './pool-trace.ts'

/** A request of the simulation. */
export interface PoolArrival extends PromptArrival {
  readonly id: string
  /** Prompt tokens as a gateway estimates them. */
  readonly estimatedTokens: number
}

/** What a router decided about a request. */
export type Decision =
  | { readonly id: string; readonly replica: number }
  | { readonly id: string; readonly refused: string; readonly retryAfterMs: number }

/** Chooses replicas, numbered from 0. Time comes in. */
export interface Router {
  readonly name: string
  /** What is decided now: of this request, or of others that waited. */
  arrived(arrival: PoolArrival, nowMs: number): readonly Decision[]
  first(arrival: PoolArrival, replica: number, nowMs: number): readonly Decision[]
  ended(arrival: PoolArrival, replica: number, cachedTokens: number, nowMs: number): readonly Decision[]
  /** When it wants to be asked though nothing happens, and what it decides then. */
  wakeAtMs(nowMs: number): number | null
  woken(nowMs: number): readonly Decision[]
}
