/** Replays requests against a policy and measures what it let in: the worst window, and how much of the limit was used. No I/O. */
import type { Policy, TokenLimit } from './policies.ts'
import type { SimulatedRequest } from './workload.ts'

/** What one policy made of a trace. */
export interface Outcome {
  readonly policy: string
  readonly admitted: number
  readonly refused: number
  /** Tokens really used by what was granted in the worst closed window, over the amount. */
  readonly worst: number
  /** Mean over time of the same for the window that ends then, once there has been a whole one. */
  readonly use: number
}

/** Requests come when they come, in order, and who is refused does not come again. */
export function replay(policy: Policy, requests: Iterable<SimulatedRequest>, limit: TokenLimit): Outcome {
  const grants: Grant[] = []
  const running = new Ends()
  let [count, lastMs] = [0, 0]
  for (const request of requests) {
    count += 1
    lastMs = request.atMs
    for (const ended of running.until(lastMs)) policy.end(ended.request, ended.atMs)
    if (!policy.admit(request, lastMs)) continue
    grants.push({ atMs: lastMs, tokens: request.promptTokens + request.outputTokens })
    running.add({ request, atMs: lastMs + request.durationMs })
  }
  return {
    policy: policy.name,
    admitted: grants.length,
    refused: count - grants.length,
    worst: mostWithin(grants, limit.perMs) / limit.amount,
    use: meanWithin(grants, limit.perMs, lastMs) / limit.amount,
  }
}

/** Tokens by when they were granted. */
export interface Grant {
  readonly atMs: number
  readonly tokens: number
}

/** The most tokens in any closed interval so long. `grants` in order. */
export function mostWithin(grants: readonly Grant[], perMs: number): number {
  let [first, sum, most] = [0, 0, 0]
  for (const { atMs, tokens } of grants) {
    sum += tokens
    for (let oldest = grants[first]; oldest !== undefined && oldest.atMs < atMs - perMs; oldest = grants[first]) {
      sum -= oldest.tokens
      first += 1
    }
    most = Math.max(most, sum)
  }
  return most
}

/** Mean of the tokens in the interval so long that ends at a moment, over all moments from its first end to `untilMs`. */
export function meanWithin(grants: readonly Grant[], perMs: number, untilMs: number): number {
  if (untilMs <= perMs) return 0
  const sum = grants.reduce((all, { atMs, tokens }) => {
    const countedMs = Math.min(atMs + perMs, untilMs) - Math.max(atMs, perMs)
    return all + tokens * Math.max(0, countedMs)
  }, 0)
  return sum / (untilMs - perMs)
}

interface End {
  readonly request: SimulatedRequest
  readonly atMs: number
}

/** Requests that run, the one that ends first at the end. */
class Ends {
  readonly #ends: End[] = []

  add(end: End): void {
    let [low, high] = [0, this.#ends.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ends[middle]?.atMs ?? 0) > end.atMs) low = middle + 1
      else high = middle
    }
    this.#ends.splice(low, 0, end)
  }

  *until(atMs: number): Generator<End> {
    for (let next = this.#ends.at(-1); next !== undefined && next.atMs <= atMs; next = this.#ends.at(-1)) {
      this.#ends.pop()
      yield next
    }
  }
}
