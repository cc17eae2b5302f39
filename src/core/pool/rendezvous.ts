/** Where a request goes while the pool's object is out of reach: chosen without any state, and mostly as others choose. No I/O. */
import { numberOf, seeded } from './blocks.ts'
import { POOL_MATCHED_BLOCKS_MIN, POOL_RENDEZVOUS_BLOCKS } from './limits.ts'

/**
 * Rendezvous hashing (Thaler and Ravishankar, 1998) of a prompt's first blocks over the replicas' ids: every isolate
 * ranks them alike, and a replica that is gone moves only what was its own. Of the best two the one with less load is
 * taken; a prompt too short to have a home goes where there is least of all. Undefined when there are no replicas.
 */
export function rendezvous(
  blocks: Float64Array,
  replicas: readonly string[],
  loadOf: (replica: string) => number,
): string | undefined {
  const key =
    blocks.length < POOL_MATCHED_BLOCKS_MIN ? undefined : blocks[Math.min(POOL_RENDEZVOUS_BLOCKS, blocks.length) - 1]
  const ranked = key === undefined ? replicas : bestTwo(key, replicas)
  let best: { replica: string; load: number } | undefined
  for (const replica of ranked) {
    const load = loadOf(replica)
    if (best === undefined || load < best.load) best = { replica, load }
  }
  return best?.replica
}

function bestTwo(key: number, replicas: readonly string[]): string[] {
  return replicas
    .map((replica) => ({ replica, score: scoreOf(key, replica) }))
    .sort((one, other) => other.score - one.score)
    .slice(0, 2)
    .map(({ replica }) => replica)
}

function scoreOf(key: number, replica: string): number {
  const { one, other } = seeded(replica)
  return numberOf(one ^ (key | 0), other ^ Math.floor(key / 2 ** 21))
}
