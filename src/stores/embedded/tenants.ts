/** Tenants over their Durable Objects: for the request path with a short deadline, for the admin API with a long one. */

import type { AskReply, Turn } from '../../core/ledger/types.ts'
import { ADMIN_OBJECT_CALL_MS, OBJECT_CALL_MS } from '../../core/limits.ts'
import { batchText } from '../../core/usage-pack.ts'
import { tenantStub } from '../../lib/object-places.ts'
import type { TenantObject } from '../../objects/tenant.ts'
import type { TenantAdmin, TenantPlace, TenantStore } from '../types.ts'
import { type CallRules, type CallTools, callObject, type Remote } from './object-call.ts'

type Namespace = DurableObjectNamespace<TenantObject>
type Question<R> = (object: Remote<TenantObject>) => Promise<R>

/** Told of every answer of a tenant's object to a question that does not wait, how long it took, and who answered. */
export type Answered = (place: TenantPlace, ms: number, by: 'ledger' | 'object') => void

/** The request neither waits nor was granted there: the object was lost meanwhile, and it must ask again. */
export class TurnLost extends Error {
  override readonly name = 'TurnLost'
}

/**
 * As the request path uses them. Rows may come twice, and so may asks: the object knows their ids. What is long crosses
 * as text: it is read there for a third of what cloning costs.
 */
export function createTenants(namespace: Namespace, tools: CallTools, answered?: Answered): TenantStore {
  const ask = <R>(
    place: TenantPlace,
    question: Question<R>,
    more: Partial<CallRules> = {},
    by: 'ledger' | 'object' = 'object',
  ): Promise<R> => {
    const own = answered === undefined ? {} : { answered: (ms: number) => answered(place, ms, by) }
    return callObject(
      tools,
      { deadlineMs: OBJECT_CALL_MS, repeatable: true, ...own, ...more },
      stubOf(namespace, place),
      question,
    )
  }
  return {
    lookUp: (place, keyId, digest) => ask(place, (object) => object.lookUp(keyId, digest)),
    ensureCacheSecret: (place, candidate) => ask(place, (object) => object.ensureCacheSecret(candidate)),
    webhook: async (place) => (await ask(place, (object) => object.webhook()))?.webhook ?? null,
    record: (place, batch) => ask(place, (object) => object.record(batchText(batch))),
    async admit(place, question, deadlineMs) {
      const reply = await ask(place, (object) => object.admit(JSON.stringify(question)), { deadlineMs }, 'ledger')
      return JSON.parse(reply) as AskReply
    },
    // It says nothing of a round trip, and an object that was lost knows of nobody who waits: the caller asks anew.
    async turn(place, requestId, deadlineMs) {
      const rules = { deadlineMs, repeatable: false }
      const reply = await callObject(tools, rules, stubOf(namespace, place), (object) => object.turn(requestId))
      const turn = JSON.parse(reply) as Turn
      if (turn.kind === 'lost') throw new TurnLost('the request does not wait for its turn')
      return turn
    },
    withdraw: (place, requestId) => ask(place, (object) => object.withdraw(requestId)),
    renew: (place, requestIds) => ask(place, (object) => object.renew([...requestIds])),
    own: (place, things) => ask(place, (object) => object.own([...things])),
  }
}

/** One tenant as the admin API uses it. A change is asked for once: a second answer would be that of a repetition. */
export function createTenantAdmin(namespace: Namespace, place: TenantPlace, tools: CallTools): TenantAdmin {
  const asking =
    (repeatable: boolean) =>
    <R>(question: Question<R>): Promise<R> => {
      const rules: CallRules = { deadlineMs: ADMIN_OBJECT_CALL_MS, repeatable }
      return callObject(tools, rules, stubOf(namespace, place), question)
    }
  const ask = asking(true)
  const change = asking(false)
  return {
    tenant: () => ask((object) => object.tenant()),
    patch: (fields, actor) => change((object) => object.patch(fields, actor)),
    createKey: (key, actor) => change((object) => object.createKey(key, actor)),
    keys: (after, limit) => ask((object) => object.keys(after, limit)),
    patchKey: (keyId, fields, actor) => change((object) => object.patchKey(keyId, fields, actor)),
    revokeKey: (keyId, at, actor) => change((object) => object.revokeKey(keyId, at, actor)),
    rotateKey: (keyId, successor, overlapUntil, actor) =>
      change((object) => object.rotateKey(keyId, successor, overlapUntil, actor)),
    credentials: () => ask((object) => object.credentials()),
    nextCredentialVersion: (name) => ask((object) => object.nextCredentialVersion(name)),
    putCredential: (name, credential, actor) => change((object) => object.putCredential(name, credential, actor)),
    deleteCredential: (name, actor) => change((object) => object.deleteCredential(name, actor)),
    webhook: () => ask((object) => object.webhook()),
    changeWebhook: (to, actor) => change((object) => object.changeWebhook(to, actor)),
    sealedRecords: () => ask((object) => object.sealedRecords()),
    replaceSealed: (name, before, after) => change((object) => object.replaceSealed(name, before, after)),
    ledger: (counters) => ask((object) => object.ledger([...counters])),
    usage: (query) => ask((object) => object.usage(query)),
    requests: (after, limit) => ask((object) => object.requests(after, limit)),
  }
}

const stubOf = (namespace: Namespace, place: TenantPlace) => (): TenantObject =>
  tenantStub<TenantObject>(namespace, place) as unknown as TenantObject
