/** Kept responses over their Durable Objects, one each. */
import { KEPT_CALL_MS } from '../../core/limits.ts'
import { ownedStub } from '../../lib/object-places.ts'
import type { ResponseObject } from '../../objects/response.ts'
import type { KeptParts, ResponseStore, TenantPlace } from '../types.ts'
import { type CallTools, callObject, type Remote } from './object-call.ts'

/** Every call may be made twice: a record put again is the same record, and one deleted again is not there. */
export function createResponses(namespace: DurableObjectNamespace<ResponseObject>, tools: CallTools): ResponseStore {
  const ask = <R>(place: TenantPlace, id: string, question: (object: Remote<ResponseObject>) => Promise<R>) =>
    callObject(
      tools,
      { deadlineMs: KEPT_CALL_MS, repeatable: true },
      () => ownedStub<ResponseObject>(namespace, place, id) as unknown as ResponseObject,
      question,
    )
  return {
    put: (place, id, parts, keptMs) => ask(place, id, (object) => object.put({ ...parts }, keptMs)),
    get: async (place, id, names) =>
      (await ask(place, id, (object) => object.get([...names]))) as Pick<KeptParts, (typeof names)[number]> | null,
    delete: (place, id) => ask(place, id, (object) => object.delete()),
  }
}
