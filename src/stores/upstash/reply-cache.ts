/** `ReplyCache` over Upstash Redis: a string with a TTL for each value, an index by tenant, and leases that are polled. */
import type { Redis } from '@upstash/redis'
import { type Knowledge, UNKNOWN } from '../../core/recall/known-shard.ts'
import {
  CACHE_DIGEST_MS,
  CACHE_LEASE_MS,
  CACHE_LEASED_READ_MS,
  CACHE_MARK_FRESH_MS,
  CACHE_MARK_REFRESH_MS,
  CACHE_MARKS_MAX,
  CACHE_POLL_MAX_MS,
  CACHE_POLL_MIN_MS,
  CACHE_PURGES_MAX,
  CACHE_PURGES_MS,
  CACHE_REDIS_NEWS_CHARS_MAX,
  CACHE_REDIS_STEP_KEYS,
  CACHE_TENANT_BYTES_MAX,
  CACHE_TTL_SECONDS_MAX,
  CACHE_VALUE_CHARS_MAX,
  CACHE_WRITE_MS,
} from '../../core/recall/limits.ts'
import { Sieve } from '../../core/recall/sieve.ts'
import type { CacheNews, KeptAbout, SealedValue } from '../../core/recall/types.ts'
import { ownerOf } from '../../core/tenant.ts'
import { sleep, withDeadline } from '../../lib/clock.ts'
import type { Surroundings } from '../../lib/refreshed.ts'
import type { ReplyCache, TenantPlace } from '../types.ts'
import { RedisError } from './redis.ts'
import { LOOK_UP, PURGE, RELEASE, RENEW, STATS, TELL, WAIT } from './reply-scripts.ts'

/** The index outlives every value that is in it. */
const INDEX_MS = CACHE_TTL_SECONDS_MAX * 1000 + 86_400_000

/** What is known of a tenant's purge mark. */
interface Mark {
  knowledge: Knowledge
  /** From when it is: when the question was sent. */
  confirmedMs: number
  /** When it was asked for in the background last: a flag that is void after twice the deadline. */
  askedMs: number
}

/**
 * No digest: Redis answers every isolate of the world within its own time, and keeping a filter of its keys in each would
 * cost as many commands as the misses that it spares. So `mayHold` is always true, and a miss costs one command.
 */
export function createUpstashReplyCache(
  redis: Redis,
  { clock, random, background }: Surroundings,
  bytesMax = CACHE_TENANT_BYTES_MAX,
): ReplyCache {
  const marks = new Sieve<Mark>(CACHE_MARKS_MAX)

  const within = <T>(deadlineMs: number, answer: Promise<T>): Promise<T> =>
    withDeadline(clock, deadlineMs, answer, () => new RedisError('Redis did not answer in time'))

  // A script of the client's holds a promise, which belongs to one request: each call makes its own.
  const run = <T>(script: string, deadlineMs: number, keys: string[], values: (string | number)[]): Promise<T> =>
    within(deadlineMs, redis.createScript<T>(script).exec(keys, values.map(String)))

  const learn = (place: TenantPlace, mark: string, sentMs: number): void => {
    const owner = ownerOf(place)
    const known = marks.get(owner)
    if (known !== undefined && sentMs < known.confirmedMs) return
    const knowledge = known?.knowledge.mark === mark ? known.knowledge : { mark, mayHold: true }
    marks.set(owner, { knowledge, confirmedMs: sentMs, askedMs: Number.NEGATIVE_INFINITY }, 1)
  }

  const refresh = (place: TenantPlace, mark: Mark): void => {
    const sentMs = clock.now()
    mark.askedMs = sentMs
    const asked = within(CACHE_DIGEST_MS, redis.hget(names(place).totals, 'mark'))
    background(
      asked.then(
        (value) => learn(place, markOf(value), sentMs),
        () => {
          mark.askedMs = Number.NEGATIVE_INFINITY
        },
      ),
    )
  }

  const purge: ReplyCache['purge'] = async (place, filter) => {
    const { index, purged, valuePrefix } = names(place)
    let removed = 0
    let cursor = '0'
    do {
      const [next, count] = await run<[unknown, number]>(
        PURGE,
        CACHE_WRITE_MS,
        [...index, purged],
        [
          ...[clock.now(), INDEX_MS, cursor, CACHE_REDIS_STEP_KEYS, valuePrefix, JSON.stringify(filter)],
          ...[CACHE_PURGES_MS, CACHE_PURGES_MAX],
        ],
      )
      removed += count
      cursor = String(next)
    } while (cursor !== '0')
    // Here it is in force at once.
    marks.delete(ownerOf(place))
    return removed
  }

  return {
    know(place, _key) {
      const known = marks.get(ownerOf(place))
      if (known === undefined) return UNKNOWN
      const nowMs = clock.now()
      const ageMs = nowMs - known.confirmedMs
      if (ageMs > CACHE_MARK_FRESH_MS) return UNKNOWN
      if (ageMs > CACHE_MARK_REFRESH_MS && nowMs - known.askedMs >= 2 * CACHE_DIGEST_MS) refresh(place, known)
      return known.knowledge
    },

    async lookUp(place, key, lease, deadlineMs) {
      const { value, totals, lease: leaseOf } = names(place)
      const sentMs = clock.now()
      const keys = [value(key), totals, leaseOf(key)]
      const [text, mark, turn] = await run<[string, unknown, '' | 'lead' | 'wait']>(LOOK_UP, deadlineMs, keys, [
        lease ?? '',
        CACHE_LEASE_MS,
        sentMs,
      ])
      learn(place, markOf(mark), sentMs)
      return { mark: markOf(mark), found: valueIn(key, text), turn: turn === '' ? null : turn }
    },

    async wait(place, key, lease, deadlineMs) {
      const { value, lease: leaseOf, alone } = names(place)
      const endMs = clock.now() + deadlineMs
      const keys = [value(key), leaseOf(key), alone(key)]
      for (;;) {
        const leftMs = endMs - clock.now()
        const turn = await run<'stored' | 'lead' | 'alone' | 'wait'>(WAIT, leftMs, keys, [lease, CACHE_LEASE_MS])
        if (turn !== 'wait') return turn
        const pauseMs = CACHE_POLL_MIN_MS + random() * (CACHE_POLL_MAX_MS - CACHE_POLL_MIN_MS)
        if (clock.now() + pauseMs >= endMs) throw new RedisError('the reply did not come in time')
        await sleep(clock, pauseMs)
      }
    },

    async renew(place, key, lease) {
      const held = await run<number>(RENEW, CACHE_LEASED_READ_MS, [names(place).lease(key)], [lease, CACHE_LEASE_MS])
      return held === 1
    },

    async release(place, key, lease, next) {
      const { lease: leaseOf, alone } = names(place)
      await run<number>(RELEASE, CACHE_WRITE_MS, [leaseOf(key), alone(key)], [lease, next, CACHE_LEASE_MS])
    },

    async tell(place, news) {
      const { index, value, lease, alone, purged, valuePrefix } = names(place)
      for (const batch of batchesOf(news)) {
        const keys = batch.flatMap(({ key }) => [value(key), lease(key), alone(key)])
        await run<number>(
          TELL,
          CACHE_WRITE_MS,
          [...index, purged, ...keys],
          [
            ...[clock.now(), INDEX_MS, bytesMax, CACHE_LEASE_MS, valuePrefix],
            ...[JSON.stringify(batch.map(({ head }) => head)), ...batch.map(({ text }) => text)],
          ],
        )
      }
    },

    purge,

    async stats(place) {
      const [entries, ...totals] = await run<(string | number)[]>(STATS, CACHE_WRITE_MS, names(place).index, [
        clock.now(),
      ])
      const counts = new Map<string, number>()
      for (let at = 0; at < totals.length; at += 2) counts.set(String(totals[at]), Number(totals[at + 1]))
      const count = (name: string): number => counts.get(name) ?? 0
      return {
        entries: Number(entries),
        bytes: count('bytes'),
        hits: { hit: count('hit'), semantic: count('semantic'), coalesced: count('coalesced') },
        corrupt: count('corrupt'),
        savedTokens: count('savedTokens'),
        savedMicroUsd: count('savedMicroUsd'),
      }
    },

    async erase(place) {
      await purge(place, {})
      const { index, purged } = names(place)
      await within(CACHE_WRITE_MS, redis.unlink(...index, purged))
    },
  }
}

/** The keys of a tenant: one hash tag, so that one script may touch several of them on a cluster, too. */
function names(place: TenantPlace) {
  const prefix = `sluice:cache:{${ownerOf(place)}}`
  const valuePrefix = `${prefix}:value:`
  const totals = `${prefix}:totals`
  return {
    valuePrefix,
    totals,
    index: [`${prefix}:expiry`, `${prefix}:about`, totals],
    purged: `${prefix}:purged`,
    value: (key: string) => valuePrefix + key,
    lease: (key: string) => `${prefix}:lease:${key}`,
    alone: (key: string) => `${prefix}:alone:${key}`,
  }
}

/** The client reads numbers for texts that look like them; where nothing was purged yet, there is none. */
const markOf = (value: unknown): string => (value === null || value === '' ? '0' : String(value))

function valueIn(key: string, text: string): SealedValue | null {
  if (text === '') return null
  const start = text.indexOf('\n') + 1
  const end = text.indexOf('\n', start)
  return { key, sealed: text.slice(end + 1), about: JSON.parse(text.slice(start, end)) as KeptAbout }
}

/** News as the script takes them: what it looks at, and the value as it is stored. */
interface Piece {
  readonly key: string
  readonly head: unknown
  readonly text: string
}

function pieceOf(news: CacheNews): Piece {
  if (news.kind !== 'put') return { key: news.key, head: news, text: '' }
  const { key, sealed, about } = news.value
  const { savedTokens, savedMicroUsd, storedAtMs, model, knowledgeVersion, expiresAtMs } = about
  const saved = [Math.round(savedTokens), Math.round(savedMicroUsd ?? 0)]
  // Lua's arrays end at a null.
  const index = [sealed.length, ...saved, storedAtMs, model, knowledgeVersion ?? false]
  const head = { kind: 'put', key, leaseId: news.leaseId ?? '', expiresAtMs, about: index }
  // One that is too long is refused there as one that has expired: whoever waits for it has to be told.
  if (sealed.length > CACHE_VALUE_CHARS_MAX) return { key, head: { ...head, expiresAtMs: 0 }, text: '' }
  return { key, head, text: `${expiresAtMs}\n${JSON.stringify(about)}\n${sealed}` }
}

/** In order, in calls of a bounded size. */
function batchesOf(news: readonly CacheNews[]): Piece[][] {
  const batches: Piece[][] = []
  let chars = Number.POSITIVE_INFINITY
  for (const one of news) {
    const piece = pieceOf(one)
    if (chars + piece.text.length > CACHE_REDIS_NEWS_CHARS_MAX) {
      batches.push([])
      chars = 0
    }
    batches.at(-1)?.push(piece)
    chars += piece.text.length + PIECE_CHARS
  }
  return batches
}

/** About what a piece needs besides its value: its keys, and what the script looks at. */
const PIECE_CHARS = 1000
