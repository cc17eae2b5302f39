/** Ways of choosing a replica that bind at once, as most gateways do it. No I/O. */
import type { Decision, PoolArrival, Router } from './pool-router.ts'
import { BLOCK_TOKENS } from './pool-trace.ts'

const NOTHING: readonly Decision[] = []

/** Chooses when a request comes, and only counts afterwards. */
abstract class AtOnce implements Router {
  abstract readonly name: string
  protected readonly requests: Int32Array
  /** Prompt tokens whose first content has not come. */
  protected readonly tokens: Float64Array

  constructor(replicas: number) {
    this.requests = new Int32Array(replicas)
    this.tokens = new Float64Array(replicas)
  }

  protected abstract choose(arrival: PoolArrival): number

  arrived(arrival: PoolArrival): readonly Decision[] {
    const replica = this.choose(arrival)
    this.requests[replica] = (this.requests[replica] ?? 0) + 1
    this.tokens[replica] = (this.tokens[replica] ?? 0) + arrival.estimatedTokens
    return [{ id: arrival.id, replica }]
  }

  first({ estimatedTokens }: PoolArrival, replica: number): readonly Decision[] {
    this.tokens[replica] = (this.tokens[replica] ?? 0) - estimatedTokens
    return NOTHING
  }

  ended(_: PoolArrival, replica: number): readonly Decision[] {
    this.requests[replica] = (this.requests[replica] ?? 0) - 1
    return NOTHING
  }

  wakeAtMs(): null {
    return null
  }

  woken(): readonly Decision[] {
    return NOTHING
  }
}

export class RoundRobin extends AtOnce {
  readonly name = 'round-robin'
  #next = 0

  protected choose(): number {
    const replica = this.#next % this.requests.length
    this.#next += 1
    return replica
  }
}

/** Fewest requests that have not ended. */
export class LeastRequest extends AtOnce {
  readonly name = 'least-request'

  protected choose(): number {
    return indexOfLeast(this.requests)
  }
}

/** Fewest prompt tokens whose first content has not come. */
export class LeastTokens extends AtOnce {
  readonly name = 'least-tokens'

  protected choose(): number {
    return indexOfLeast(this.tokens)
  }
}

/** As the router of SGLang documents its defaults when it was published (v0.4). */
const CACHE_THRESHOLD = 0.5
const BALANCE_ABSOLUTE = 32
const BALANCE_RELATIVE = 1.0001

/**
 * The best match where it is over the threshold, else the smallest tree; where requests are out of balance, the fewest of
 * them. Its trees are given the size of the replicas' real memory, which it does not know in life.
 */
export class CacheAware extends AtOnce {
  readonly name = 'cache-aware (SGLang)'
  readonly #trees: Set<number>[]
  readonly #blocksMax: number

  constructor(replicas: number, kvTokens: number) {
    super(replicas)
    this.#trees = Array.from({ length: replicas }, () => new Set())
    this.#blocksMax = Math.floor(kvTokens / BLOCK_TOKENS)
  }

  protected choose({ blocks }: PoolArrival): number {
    const replica = this.#chosen(blocks)
    const tree = this.#trees[replica]
    if (tree === undefined) return replica
    for (const block of blocks.toReversed()) {
      tree.delete(block)
      tree.add(block)
    }
    for (const oldest of tree) {
      if (tree.size <= this.#blocksMax) break
      tree.delete(oldest)
    }
    return replica
  }

  #chosen(blocks: readonly number[]): number {
    const [most, least] = [Math.max(...this.requests), Math.min(...this.requests)]
    if (most - least > BALANCE_ABSOLUTE && most > BALANCE_RELATIVE * least) return indexOfLeast(this.requests)
    const matches = this.#trees.map((tree) => {
      const missing = blocks.findIndex((block) => !tree.has(block))
      return missing === -1 ? blocks.length : missing
    })
    const best = indexOfLeast(matches.map((match) => -match))
    const isEnough = blocks.length > 0 && (matches[best] ?? 0) / blocks.length > CACHE_THRESHOLD
    return isEnough ? best : indexOfLeast(this.#trees.map(({ size }) => size))
  }
}

function indexOfLeast(values: ArrayLike<number>): number {
  let least = 0
  for (let index = 1; index < values.length; index += 1) if ((values[index] ?? 0) < (values[least] ?? 0)) least = index
  return least
}
