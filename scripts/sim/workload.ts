/** What a trace does not tell, assumed: how much more than it comes, its bytes, its bounds, how long requests take. No I/O. */
import type { TextSize } from '../../src/core/ledger/estimates.ts'
import type { Arrival } from './trace.ts'

/** What is assumed of every request. */
export interface Assumptions {
  /** Mean of a prompt's bytes per token, and how far one prompt is off another. */
  readonly bytesPerToken: number
  readonly bytesPerTokenDeviation: number
  /** What the model's target has as `maxOutputTokens`: callers name no bound of their own. */
  readonly outputTokensMax: number
  readonly firstTokenMs: number
  readonly prefillTokensPerSecond: number
  readonly tokenMs: number
  /** A settlement travels with the next batch. */
  readonly settledAfterMs: number
}

/** English prompts, and a model of some 70 B parameters; no answer of the Azure conversation trace is over 1000 tokens. */
export const ASSUMPTIONS: Assumptions = {
  bytesPerToken: 4.2,
  bytesPerTokenDeviation: 0.3,
  outputTokensMax: 1000,
  firstTokenMs: 200,
  prefillTokensPerSecond: 16_000,
  tokenMs: 20,
  settledAfterMs: 100,
}

/** No tokenizer makes more of English: what a worst case is reserved by. */
const BYTES_PER_TOKEN_MIN = 2
/** The copies of a trace begin within so long of each other: bursts of a minute and more stay bursts. */
const COPIES_WITHIN_MS = 60_000

/** A request as a policy meets it, and what it comes to. */
export interface SimulatedRequest extends Arrival {
  readonly id: string
  readonly size: TextSize
  readonly outputTokensMax: number
  /** Until it is settled. */
  readonly durationMs: number
}

/** A trace laid over itself so many times, in order of time. `random` as Math.random: the same numbers, the same requests. */
export function* requestsOf(
  arrivals: readonly Arrival[],
  copies: number,
  assumed: Assumptions,
  random: () => number,
): Generator<SimulatedRequest> {
  const next = Array.from({ length: copies }, (_, copy) => ({
    index: 0,
    offsetMs: copy === 0 ? 0 : Math.floor(random() * COPIES_WITHIN_MS),
  }))
  for (let count = 0; count < copies * arrivals.length; count += 1) {
    let [first, firstMs] = [next[0], Number.POSITIVE_INFINITY]
    for (const copy of next) {
      const atMs = (arrivals[copy.index]?.atMs ?? Number.POSITIVE_INFINITY) + copy.offsetMs
      if (atMs < firstMs) [first, firstMs] = [copy, atMs]
    }
    const arrival = arrivals[first?.index ?? 0]
    if (first === undefined || arrival === undefined) return
    first.index += 1
    yield requestOf(`${count}`, { ...arrival, atMs: firstMs }, assumed, random)
  }
}

function requestOf(id: string, arrival: Arrival, assumed: Assumptions, random: () => number): SimulatedRequest {
  const { promptTokens, outputTokens } = arrival
  const ratio = Math.max(BYTES_PER_TOKEN_MIN, assumed.bytesPerToken + assumed.bytesPerTokenDeviation * normal(random))
  const bytes = Math.ceil(promptTokens * ratio)
  const generationMs = (1000 * promptTokens) / assumed.prefillTokensPerSecond + assumed.tokenMs * outputTokens
  return {
    ...arrival,
    id,
    size: { bytes, chars: bytes },
    outputTokensMax: Math.max(assumed.outputTokensMax, outputTokens),
    durationMs: Math.round(assumed.firstTokenMs + generationMs + assumed.settledAfterMs),
  }
}

/** A standard normal deviate (Box and Muller, 1958). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
