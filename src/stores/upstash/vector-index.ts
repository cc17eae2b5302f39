/** `VectorIndex` over Upstash Vector: a namespace per tenant, route and space. What was learned of routes is elsewhere. */
import {
  CACHE_WRITE_MS,
  NEAREST_MAX,
  VECTOR_CALL_MS,
  VECTOR_SWEEP_SHARE,
  VECTORS_PER_SHARD_MAX,
} from '../../core/recall/limits.ts'
import type { PurgeFilter } from '../../core/recall/types.ts'
import type { Member, Neighbour, VectorSpace } from '../../core/semantic/types.ts'
import { ownerOf } from '../../core/tenant.ts'
import type { Clock } from '../../lib/clock.ts'
import { sha256Hex } from '../../lib/hash.ts'
import type { TenantPlace, VectorIndex } from '../types.ts'
import type { VectorClient } from './vector.ts'

/** What is kept with a vector. The tags are what filters name: hashes, so that no text can break out of its quotes. */
type Metadata = { member: Member; atMs: number; expiresAtMs: number; groupTag: string; knowledgeTag: string }

/** Namespaces that a sweep looks at: with its share, one or so for every vector that is added. */
const SWEPT_NAMESPACES_MAX = 50
/** Calls at once; more would wait for each other in a Worker. */
const CALLS_MAX = 6
/** Vectors that are listed, and removed, in one call. */
const PAGE = 1000

/** `random` is uniform in [0, 1). */
export function createUpstashVectorIndex(
  client: VectorClient,
  { clock, random }: { readonly clock: Clock; readonly random: () => number },
): VectorIndex {
  const slow = client(VECTOR_CALL_MS)

  const namespacesOf = async (prefix: string): Promise<string[]> =>
    (await slow.listNamespaces()).filter((name) => name.startsWith(prefix))

  /** The oldest leave, a tenth at once. */
  const trim = async (namespace: string): Promise<void> => {
    const known: { id: string; atMs: number }[] = []
    for (let cursor = '0'; cursor !== ''; ) {
      const page = await slow.range<Metadata>({ cursor, limit: PAGE, includeMetadata: true }, { namespace })
      known.push(...page.vectors.map(({ id, metadata }) => ({ id, atMs: metadata?.atMs ?? 0 })))
      cursor = page.nextCursor
    }
    const kept = Math.floor(VECTORS_PER_SHARD_MAX * 0.9)
    const leaving = known.sort((a, b) => b.atMs - a.atMs).slice(kept)
    for (let from = 0; from < leaving.length; from += PAGE)
      await slow.delete(
        leaving.slice(from, from + PAGE).map(({ id }) => id),
        { namespace },
      )
  }

  /** Removes what has expired from some of a tenant's namespaces, and those that are empty: nobody else would. */
  const sweep = async (prefix: string, own: string): Promise<void> => {
    const { namespaces } = await slow.info()
    const names = Object.keys(namespaces).filter((name) => name.startsWith(prefix))
    const first = Math.floor(random() * names.length)
    const some = [...names.slice(first), ...names.slice(0, first)].slice(0, SWEPT_NAMESPACES_MAX)
    const filter = `expiresAtMs <= ${clock.now()}`
    await eachOf(some, async (namespace) => {
      const counts = namespaces[namespace]
      const isEmpty = counts?.vectorCount === 0 && counts.pendingVectorCount === 0
      if (isEmpty && namespace !== own) await slow.deleteNamespace(namespace)
      else await slow.delete({ filter }, { namespace })
    })
    if ((namespaces[own]?.vectorCount ?? 0) > VECTORS_PER_SHARD_MAX) await trim(own)
  }

  return {
    async nearest(place, space, vector, count, deadlineMs) {
      const nowMs = clock.now()
      const found = await client(deadlineMs).query<Metadata>(
        {
          vector: [...vector],
          topK: Math.min(count, NEAREST_MAX),
          includeMetadata: true,
          filter: `expiresAtMs > ${nowMs}`,
        },
        { namespace: namespaceOf(place, space) },
      )
      const neighbours = found.flatMap(({ score, metadata }): Neighbour[] =>
        metadata === undefined || metadata.expiresAtMs <= nowMs
          ? []
          : [{ member: metadata.member, similarity: cosineOf(score) }],
      )
      return { neighbours: neighbours.sort((a, b) => b.similarity - a.similarity) }
    },
    async add(place, space, member, vector) {
      const namespace = namespaceOf(place, space)
      const { atMs, expiresAtMs, group, knowledgeVersion } = member
      const tags = { groupTag: tagOf(group), knowledgeTag: tagOf(knowledgeVersion ?? '') }
      const metadata: Metadata = { member, atMs, expiresAtMs, ...tags }
      await client(CACHE_WRITE_MS).upsert({ id: member.id, vector: [...vector], metadata }, { namespace })
      if (random() >= VECTOR_SWEEP_SHARE) return
      // The vector is kept; what was not swept now is swept another time.
      await sweep(prefixOf(place), namespace).catch(() => {})
    },
    async dropGroup(place, space, group) {
      const filter = `groupTag = '${tagOf(group)}'`
      await client(CACHE_WRITE_MS).delete({ filter }, { namespace: namespaceOf(place, space) })
    },
    async purge(place, filter) {
      const namespaces = await namespacesOf(prefixOf(place, filter.model))
      const condition = { filter: conditionOf(filter) }
      const removed = await eachOf(namespaces, (namespace) => slow.delete(condition, { namespace }))
      return removed.reduce((sum, { deleted }) => sum + deleted, 0)
    },
    async erase(place) {
      await eachOf(await namespacesOf(prefixOf(place)), (namespace) => slow.deleteNamespace(namespace))
    },
  }
}

/** All of a tenant's namespaces begin with this; those of one route alone, where it is named. */
function prefixOf(place: TenantPlace, route?: string): string {
  return `${ownerOf(place)}.${route === undefined ? '' : `${sha256Hex(route).slice(0, 16)}.`}`
}

function namespaceOf(place: TenantPlace, { route, encoder, scope }: VectorSpace): string {
  return prefixOf(place, route) + tagOf(JSON.stringify([encoder, scope]))
}

const tagOf = (text: string): string => sha256Hex(text).slice(0, 32)

/** Of a score of Upstash's, (1 + cosine) ÷ 2. */
const cosineOf = (score: number): number => Math.max(-1, Math.min(1, score * 2 - 1))

/** What fits a purge; the model is in the namespace. Something must always be asked for. */
function conditionOf({ beforeMs, knowledgeVersion }: PurgeFilter): string {
  const conditions = [
    ...(beforeMs === undefined ? [] : [`atMs < ${beforeMs}`]),
    ...(knowledgeVersion === undefined ? [] : [`knowledgeTag = '${tagOf(knowledgeVersion)}'`]),
  ]
  return conditions.length === 0 ? 'expiresAtMs >= 0' : conditions.join(' AND ')
}

async function eachOf<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let from = 0; from < items.length; from += CALLS_MAX)
    results.push(...(await Promise.all(items.slice(from, from + CALLS_MAX).map(work))))
  return results
}
