/** Requests of the pool's simulation, for tests. */
import type { PoolArrival } from '../../scripts/sim/pool-router.ts'

export const arrivalOf = (id: string, other: Partial<PoolArrival> = {}): PoolArrival => ({
  id,
  atMs: 0,
  promptTokens: 512,
  estimatedTokens: 512,
  outputTokens: 10,
  blocks: [Number(id) || 0],
  tenant: 'one',
  priority: 'interactive',
  ...other,
})

/** Conversations that begin one after the other, each of so many turns of two blocks, a few seconds apart. */
export function conversations(count: number, turns: number): PoolArrival[] {
  const arrivals = Array.from({ length: count * turns }, (_, index) => {
    const [conversation, turn] = [Math.floor(index / turns), index % turns]
    const blocks = Array.from({ length: 8 + 2 * turn }, (_unused, depth) => 1 + 100 * conversation + depth)
    const promptTokens = 512 * blocks.length
    const atMs = 150 * conversation + (2500 + 37 * (conversation % 7)) * turn
    return arrivalOf('', { atMs, blocks, promptTokens, estimatedTokens: promptTokens })
  })
  return arrivals.sort((one, other) => one.atMs - other.atMs)
}
