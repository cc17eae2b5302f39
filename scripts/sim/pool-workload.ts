/** What a trace does not tell, assumed: how much faster it comes, whose conversations they are, who floods. No I/O. */
import type { PoolArrival } from './pool-router.ts'
import { ONE_TENANT, type PromptArrival } from './pool-trace.ts'

/** What is made of a trace. */
export interface PoolLoad {
  /** The trace's time runs so many times faster. */
  readonly speedup: number
  /** Conversations are dealt out to so many tenants, who share no block; 1: as the trace has it. */
  readonly tenants: number
  /** The first tenant sends so many times what it would. */
  readonly flood: number
  /** The whole trace is laid over itself so many times; no copy shares a block with another. */
  readonly copies: number
  /** Share of conversations that are of priority `batch`. */
  readonly batch: number
}

/** Copies begin within so long of each other. */
const COPIES_WITHIN_MS = 60_000
/** Standard deviation of a gateway's estimate of a prompt's tokens: it counts bytes. */
const ESTIMATE_DEVIATION = 0.07
/** A block that so many of all prompts begin with is no conversation's own. */
const COMMON_SHARE = 0.05

export const FLOODER = 'tenant-0'

/** The requests of a load in order of time. `random` as Math.random: the same numbers, the same requests. */
export function poolArrivals(trace: readonly PromptArrival[], load: PoolLoad, random: () => number): PoolArrival[] {
  const ownBlockOf = ownBlocks(trace)
  const made: Omit<PoolArrival, 'id'>[] = []
  const copiesMax = Math.max(load.copies, load.flood * load.copies)
  const offsetsMs = Array.from({ length: copiesMax }, (_, copy) => (copy === 0 ? 0 : random() * COPIES_WITHIN_MS))
  for (const arrival of trace) {
    const own = ownBlockOf(arrival)
    const tenantIndex = own % load.tenants
    const tenant = load.tenants > 1 ? `tenant-${tenantIndex}` : arrival.tenant
    const isBatch = load.batch > 0 && fractionOf(own) < load.batch
    const copies = tenant === FLOODER ? copiesMax : load.copies
    for (let copy = 0; copy < copies; copy += 1) {
      const salt = tenant === ONE_TENANT ? copy : copy * load.tenants + tenantIndex
      const estimated = arrival.promptTokens * Math.max(0.5, 1 + ESTIMATE_DEVIATION * normal(random))
      made.push({
        ...arrival,
        atMs: (arrival.atMs + (offsetsMs[copy] ?? 0)) / load.speedup,
        blocks: arrival.blocks.map((block) => block * copiesMax * load.tenants + salt),
        tenant,
        priority: isBatch ? 'batch' : arrival.priority,
        estimatedTokens: Math.max(1, Math.round(estimated)),
      })
    }
  }
  made.sort((one, other) => one.atMs - other.atMs)
  return made.map((arrival, index) => ({ ...arrival, id: `${index}` }))
}

/** The first block of a prompt that few others have: what its conversation is known by. */
function ownBlocks(trace: readonly PromptArrival[]): (arrival: PromptArrival) => number {
  const counts = new Map<number, number>()
  for (const { blocks } of trace) for (const block of blocks) counts.set(block, (counts.get(block) ?? 0) + 1)
  const most = COMMON_SHARE * trace.length
  return ({ blocks }) => blocks.find((block) => (counts.get(block) ?? 0) <= most) ?? blocks.at(-1) ?? 0
}

/** A number in [0, 1) for a block, the same each time (Knuth's multiplicative hash). */
const fractionOf = (block: number): number => ((block * 2_654_435_761) % 2 ** 32) / 2 ** 32

/** A standard normal deviate (Box and Muller, 1958). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
