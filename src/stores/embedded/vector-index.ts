/** `VectorIndex` and `SemanticRoutes` over the shards of a tenant's vectors: all of a route are in one. */
import { ADMIN_OBJECT_CALL_MS } from '../../core/limits.ts'
import { CACHE_WRITE_MS, VECTOR_SHARDS } from '../../core/recall/limits.ts'
import type { GroupFacts, Neighbour, VectorSpace } from '../../core/semantic/types.ts'
import { sha256Hex } from '../../lib/hash.ts'
import { shardStub } from '../../lib/object-places.ts'
import type { IndexObject, Lesson, RouteText } from '../../objects/vectors.ts'
import type { RouteFacts, SemanticRoutes, TenantPlace, VectorIndex } from '../types.ts'
import { type CallRules, type CallTools, callObject, type Remote } from './object-call.ts'

type Namespace = DurableObjectNamespace<IndexObject>
type Question<R> = (object: Remote<IndexObject>) => Promise<R>

const CHANGE: CallRules = { deadlineMs: CACHE_WRITE_MS, repeatable: true }
const ADMIN: CallRules = { deadlineMs: ADMIN_OBJECT_CALL_MS, repeatable: true }

/** Where a route's vectors and what it has learned are: its shard. */
export function shardOf(route: string): number {
  return Number.parseInt(sha256Hex(route).slice(0, 8), 16) % VECTOR_SHARDS
}

/** Its `nearest` answers with the route's facts, too. */
export function createVectorIndex(namespace: Namespace, tools: CallTools): VectorIndex {
  const { ask, askAll } = callsOf(namespace, tools)
  return {
    async nearest(place, space, vector, count, deadlineMs) {
      const rules = { deadlineMs, repeatable: true }
      const reply = await ask(place, space, rules, (object) => object.nearest(plain(space), own(vector), count))
      return { neighbours: JSON.parse(reply.neighbours) as Neighbour[], facts: factsOf(reply) }
    },
    add: (place, space, member, vector) =>
      ask(place, space, CHANGE, (object) => object.add(plain(space), member, own(vector))),
    dropGroup: (place, space, group) => ask(place, space, CHANGE, (object) => object.dropGroup(plain(space), group)),
    async purge(place, filter) {
      const removed = await askAll(place, filter.model, (object) => object.purge(filter))
      return removed.reduce((sum, one) => sum + one, 0)
    },
    async erase(place) {
      await askAll(place, undefined, (object) => object.erase())
    },
  }
}

/** A lesson is given once: observations are not told apart, and one given twice would count twice. */
export function createSemanticRoutes(namespace: Namespace, tools: CallTools): SemanticRoutes {
  const { ask, askAll } = callsOf(namespace, tools)
  return {
    async look(place, { route, encoder }, groups, deadlineMs) {
      const rules = { deadlineMs, repeatable: true }
      return factsOf(await ask(place, { route }, rules, (object) => object.look({ route, encoder }, [...groups])))
    },
    learn(place, { route, encoder }, maxErrorRate, observations, joined) {
      const lesson: Lesson = { tenantId: place.id, route: { route, encoder }, maxErrorRate, observations, joined }
      return ask(place, { route }, { ...CHANGE, repeatable: false }, (object) => object.learn(JSON.stringify(lesson)))
    },
    views: async (place) => (await askAll(place, undefined, (object) => object.views())).flat(),
    async erase(place) {
      await askAll(place, undefined, (object) => object.erase())
    },
  }
}

function callsOf(namespace: Namespace, tools: CallTools) {
  const askShard = <R>(place: TenantPlace, shard: number, rules: CallRules, question: Question<R>): Promise<R> =>
    callObject(tools, rules, () => shardStub<IndexObject>(namespace, place, shard) as unknown as IndexObject, question)
  return {
    ask: <R>(place: TenantPlace, { route }: { route: string }, rules: CallRules, question: Question<R>): Promise<R> =>
      askShard(place, shardOf(route), rules, question),
    /** All shards, or that of one route. */
    askAll: <R>(place: TenantPlace, route: string | undefined, question: Question<R>): Promise<R[]> => {
      const shards = route === undefined ? Array.from({ length: VECTOR_SHARDS }, (_, shard) => shard) : [shardOf(route)]
      return Promise.all(shards.map((shard) => askShard(place, shard, ADMIN, question)))
    },
  }
}

const plain = ({ route, encoder, scope }: VectorSpace): VectorSpace => ({ route, encoder, scope })

/** What crosses is the whole buffer under a view: a vector of a batch would take the others along. */
const own = (vector: Float32Array): Float32Array => vector.slice()

function factsOf({ state, groups }: RouteText): RouteFacts {
  return { state, groups: JSON.parse(groups) as Record<string, GroupFacts> }
}
