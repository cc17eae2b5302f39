/** Tenants over their Durable Objects: for the request path with a short deadline, for the admin API with a long one. */
import { ADMIN_OBJECT_CALL_MS, OBJECT_CALL_MS } from '../../core/limits.ts'
import { tenantStub } from '../../lib/object-places.ts'
import type { TenantObject } from '../../objects/tenant.ts'
import type { TenantAdmin, TenantPlace, TenantStore } from '../types.ts'
import { type CallRules, type CallTools, callObject, type Remote } from './object-call.ts'

type Namespace = DurableObjectNamespace<TenantObject>
type Question<R> = (object: Remote<TenantObject>) => Promise<R>

/** As the request path uses them. Rows may come twice: the object knows their ids. */
export function createTenants(namespace: Namespace, tools: CallTools): TenantStore {
  const rules = { deadlineMs: OBJECT_CALL_MS, repeatable: true }
  const ask = <R>(place: TenantPlace, question: Question<R>): Promise<R> =>
    callObject(tools, rules, stubOf(namespace, place), question)
  return {
    lookUp: (place, keyId, digest) => ask(place, (object) => object.lookUp(keyId, digest)),
    // As text: it crosses to the object and is read there for a third of what cloning each row costs.
    record: (place, rows) => ask(place, (object) => object.record(JSON.stringify(rows))),
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
    revokeKey: (keyId, at, actor) => change((object) => object.revokeKey(keyId, at, actor)),
    rotateKey: (keyId, successor, overlapUntil, actor) =>
      change((object) => object.rotateKey(keyId, successor, overlapUntil, actor)),
    credentials: () => ask((object) => object.credentials()),
    nextCredentialVersion: (name) => ask((object) => object.nextCredentialVersion(name)),
    putCredential: (name, credential, actor) => change((object) => object.putCredential(name, credential, actor)),
    deleteCredential: (name, actor) => change((object) => object.deleteCredential(name, actor)),
    replaceSealed: (name, before, after) => change((object) => object.replaceSealed(name, before, after)),
    usage: (query) => ask((object) => object.usage(query)),
    requests: (after, limit) => ask((object) => object.requests(after, limit)),
  }
}

const stubOf = (namespace: Namespace, place: TenantPlace) => (): TenantObject =>
  tenantStub<TenantObject>(namespace, place) as unknown as TenantObject
