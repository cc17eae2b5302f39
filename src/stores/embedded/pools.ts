/** Origin pools over their Durable Objects. */
import { ADMIN_OBJECT_CALL_MS } from '../../core/limits.ts'
import { POOL_TELL_DEADLINE_MS } from '../../core/pool/line-limits.ts'
import type { PoolLease, Turn } from '../../core/pool/types.ts'
import { WORKER_PATH, workerAsk } from '../../core/pool/worker-entry.ts'
import type { WorkerToken } from '../../core/pool/worker-tokens.ts'
import { askThrough, upgradeThrough, wayThrough } from '../../lib/outgoing.ts'
import type { PoolFacts, PoolPlace, PoolSaid, PoolStore, PoolStores } from '../types.ts'
import { type CallRules, type CallTools, callObject } from './object-call.ts'

/** What the class offers; made by a function, it has no name to import. */
interface PoolRpc extends Rpc.DurableObjectBranded {
  acquire(pool: string, text: string, blocks: Float64Array): Promise<string>
  turn(id: string): Promise<string>
  tell(pool: string, text: string, leases: readonly PoolLease[]): Promise<string>
  view(pool: string): Promise<string>
  createWorker(pool: string, token: WorkerToken, actor: string): Promise<'created' | 'taken' | 'full'>
  workers(pool: string): Promise<string>
  revokeWorker(pool: string, id: string, at: string, actor: string): Promise<boolean>
  fetch(url: string, init: RequestInit): Promise<Response>
}

type Asked = Omit<PoolRpc, 'fetch' | keyof Rpc.DurableObjectBranded>

/** `answered` is told how long a pool's object took for what does not wait, also when that came too late. */
export function createPools(
  namespace: DurableObjectNamespace,
  tools: CallTools,
  answered: (pool: string, ms: number) => void,
): PoolStore {
  const ask = <R>(place: PoolPlace, rules: CallRules, question: (object: Asked) => Promise<R>): Promise<R> =>
    callObject<PoolRpc, R>(
      tools,
      rules,
      () => stubOf(namespace, place),
      (object) => question(object as unknown as Asked),
    )
  return {
    async acquire(place, { blocks, ...request }, events, isExplained, deadlineMs) {
      const text = JSON.stringify({ request, events, isExplained })
      const rules = { deadlineMs, repeatable: true, answered: (ms: number) => answered(place.pool, ms) }
      const said = await ask(place, rules, (object) => object.acquire(place.pool, text, blocks))
      return JSON.parse(said) as PoolSaid & { turn: Turn }
    },
    async turn(place, id, waitMs) {
      // An object that has woken anew knows nobody who waits: to wait there again would be in vain.
      const turn = await ask(place, { deadlineMs: waitMs, repeatable: false }, (object) => object.turn(id))
      return JSON.parse(turn) as Exclude<Turn, { kind: 'queued' }>
    },
    async tell(place, { events, renew = [], leases = [] }) {
      const text = JSON.stringify({ events, renew })
      const rules = { deadlineMs: POOL_TELL_DEADLINE_MS, repeatable: true }
      return JSON.parse(await ask(place, rules, (object) => object.tell(place.pool, text, leases))) as PoolSaid
    },
    workers: (place) => wayThrough(() => stubOf(namespace, place)),
  }
}

/** Tokens of a pool's workers, their way in, and how the pool fares. */
export function createPoolStores(namespace: DurableObjectNamespace, tools: CallTools): PoolStores {
  const ask = <R>(pool: string, repeatable: boolean, question: (object: Asked) => Promise<R>): Promise<R> =>
    callObject<PoolRpc, R>(
      tools,
      { deadlineMs: ADMIN_OBJECT_CALL_MS, repeatable },
      () => stubOf(namespace, { pool, region: undefined }),
      (object) => question(object as unknown as Asked),
    )
  return {
    poolAdmin: (pool) => ({
      // Made twice, it would say that its id is taken.
      createWorker: (token, actor) => ask(pool, false, (object) => object.createWorker(pool, token, actor)),
      workers: async () => JSON.parse(await ask(pool, true, (object) => object.workers(pool))) as WorkerToken[],
      revokeWorker: (id, at, actor) => ask(pool, false, (object) => object.revokeWorker(pool, id, at, actor)),
      view: async () => JSON.parse(await ask(pool, true, (object) => object.view(pool))) as PoolFacts,
    }),
    poolWorkers: {
      connect(pool, token, isUpgrade) {
        const stub = stubOf(namespace, { pool, region: undefined })
        const through = isUpgrade ? upgradeThrough : askThrough
        return through(stub, `http://pool${WORKER_PATH}`, workerAsk(token))
      },
    },
  }
}

/** By name. The region counts only when the object is first named. */
function stubOf(namespace: DurableObjectNamespace, { pool, region }: PoolPlace): PoolRpc {
  const hint = region === undefined ? {} : { locationHint: region as DurableObjectLocationHint }
  return namespace.get(namespace.idFromName(pool), hint) as unknown as PoolRpc
}
