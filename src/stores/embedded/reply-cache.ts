/** `ReplyCache` over shards that are Durable Objects, with what the isolate knows of them without asking. */

import { ADMIN_OBJECT_CALL_MS } from '../../core/limits.ts'
import { type Knowledge, KnownShard, type ShardNews, UNKNOWN } from '../../core/recall/known-shard.ts'
import {
  CACHE_DIGEST_MS,
  CACHE_DIGESTS_MAX,
  CACHE_LEASED_READ_MS,
  CACHE_SHARDS,
  CACHE_WRITE_MS,
} from '../../core/recall/limits.ts'
import { shardOf } from '../../core/recall/shards.ts'
import { Sieve } from '../../core/recall/sieve.ts'
import type { CacheNews, CacheStats } from '../../core/recall/types.ts'
import { shardStub } from '../../lib/object-places.ts'
import type { CacheObject, ShardAnswer } from '../../objects/cache.ts'
import type { ReplyCache, TenantPlace } from '../types.ts'
import { type CallRules, type CallTools, callObject, type Remote } from './object-call.ts'

type Namespace = DurableObjectNamespace<CacheObject>

/** What it needs of its surroundings. */
export interface ReplyCacheTools extends CallTools {
  /** Keeps work alive after the reply of the request that calls it. */
  readonly background: (work: Promise<unknown>) => void
}

/** A shard that is known, and how it is asked anew. */
interface Known {
  readonly shard: KnownShard
  readonly due: () => void
}

/** The shards of one tenant. */
interface KnownTenant {
  readonly id: string
  readonly shards: readonly Known[]
}

const SHARDS: readonly number[] = Array.from({ length: CACHE_SHARDS }, (_, shard) => shard)

/**
 * What the isolate knows is bounded by the number of shards; each is a digest of CACHE_DIGEST_BYTES_MAX at most. It is
 * kept by generation, which no two tenants share and whose text is there already: to make a name takes as long as all else.
 */
export function createReplyCache(namespace: Namespace, tools: ReplyCacheTools): ReplyCache {
  const { clock, background } = tools
  const tenants = new Sieve<KnownTenant>(CACHE_DIGESTS_MAX / CACHE_SHARDS)

  const ask = <R>(
    place: TenantPlace,
    shard: number,
    rules: CallRules,
    question: (object: Remote<CacheObject>) => Promise<R>,
  ): Promise<R> =>
    callObject(tools, rules, () => shardStub(namespace, place, shard) as unknown as CacheObject, question)

  const askAll = <R>(place: TenantPlace, question: (object: Remote<CacheObject>) => Promise<R>): Promise<R[]> =>
    Promise.all(
      SHARDS.map((shard) => ask(place, shard, { deadlineMs: ADMIN_OBJECT_CALL_MS, repeatable: true }, question)),
    )

  /** Asks for the digest in the background of the request that is running: `place` alone outlives it. */
  const refresh = (place: TenantPlace, index: number, shard: KnownShard): void => {
    const sentMs = clock.now()
    shard.asking(sentMs)
    const { epoch, seq } = shard.known ?? NOTHING
    const rules = { deadlineMs: CACHE_DIGEST_MS, repeatable: true }
    background(
      ask(place, index, rules, (object) => object.digest(epoch, seq)).then(
        (text) => {
          shard.learn(JSON.parse(text) as ShardNews, sentMs)
          shard.asked()
        },
        () => shard.asked(),
      ),
    )
  }

  const peek = (place: TenantPlace, index: number): Known | undefined => {
    const known = tenants.get(place.generation)
    return known?.id === place.id ? known.shards[index] : undefined
  }

  const knownOf = (place: TenantPlace, index: number): KnownShard => {
    const known = peek(place, index)
    if (known !== undefined) return known.shard
    const shards = SHARDS.map((one) => {
      const shard = new KnownShard()
      return { shard, due: () => refresh(place, one, shard) }
    })
    tenants.set(place.generation, { id: place.id, shards }, 1)
    return shards[index]?.shard ?? new KnownShard()
  }

  return {
    know(place, key): Knowledge {
      const known = peek(place, shardOf(key))
      return known === undefined ? UNKNOWN : known.shard.know(key, clock.now(), known.due)
    },

    async lookUp(place, key, lease, deadlineMs) {
      const index = shardOf(key)
      const shard = knownOf(place, index)
      const { epoch, seq } = shard.known ?? NOTHING
      const sentMs = clock.now()
      const rules = { deadlineMs, repeatable: true }
      const text = await ask(place, index, rules, (object) => object.lookUp(key, lease ?? '', epoch, seq))
      const end = text.indexOf('\n')
      const answer = JSON.parse(text.slice(0, end)) as ShardAnswer
      shard.learn(answer, sentMs)
      const { mark, about, turn } = answer
      return { mark, turn, found: about === null ? null : { key, sealed: text.slice(end + 1), about } }
    },

    // A second call would stand behind the first, which nobody hears any more; and the caller asks again anyway.
    wait: (place, key, lease, deadlineMs) =>
      ask(place, shardOf(key), { deadlineMs, repeatable: false }, (object) => object.wait(key, lease, deadlineMs)),

    renew: (place, key, lease) =>
      ask(place, shardOf(key), { deadlineMs: CACHE_LEASED_READ_MS, repeatable: true }, (object) =>
        object.renew(key, lease),
      ),

    release: (place, key, lease, next) =>
      ask(place, shardOf(key), { deadlineMs: CACHE_WRITE_MS, repeatable: true }, (object) =>
        object.release(key, lease, next),
      ),

    async tell(place, news) {
      const batches = Map.groupBy(news, (one) => shardOf(keyOf(one)))
      const told = [...batches].map(([index, batch]) => {
        const shard = knownOf(place, index)
        for (const one of batch) if (one.kind === 'put') shard.told(one.value.key)
        // A put may come twice, a count may not.
        const repeatable = batch.every(({ kind }) => kind === 'put')
        const text = JSON.stringify(batch)
        return ask(place, index, { deadlineMs: CACHE_WRITE_MS, repeatable }, (object) => object.tell(text))
      })
      await Promise.all(told)
    },

    async purge(place, filter) {
      const text = JSON.stringify(filter)
      const removed = await askAll(place, (object) => object.purge(text))
      // Here it is in force at once.
      tenants.delete(place.generation)
      return removed.reduce((sum, count) => sum + count, 0)
    },

    stats: async (place) => (await askAll(place, (object) => object.stats())).reduce(sumOf),

    async erase(place) {
      await askAll(place, (object) => object.erase())
      tenants.delete(place.generation)
    },
  }
}

const NOTHING = { epoch: '', seq: 0 }

const keyOf = (news: CacheNews): string => (news.kind === 'put' ? news.value.key : news.key)

function sumOf(left: CacheStats, right: CacheStats): CacheStats {
  return {
    entries: left.entries + right.entries,
    bytes: left.bytes + right.bytes,
    hits: {
      hit: left.hits.hit + right.hits.hit,
      semantic: left.hits.semantic + right.hits.semantic,
      coalesced: left.hits.coalesced + right.hits.coalesced,
    },
    corrupt: left.corrupt + right.corrupt,
    savedTokens: left.savedTokens + right.savedTokens,
    savedMicroUsd: left.savedMicroUsd + right.savedMicroUsd,
  }
}
