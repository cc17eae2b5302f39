/** End users over their Durable Objects. */
import { OBJECT_CALL_MS } from '../../core/limits.ts'
import { ownedStub } from '../../lib/object-places.ts'
import type { UserObject } from '../../objects/user.ts'
import type { TenantPlace, UserStore } from '../types.ts'
import { type CallTools, callObject, type Remote } from './object-call.ts'

/** To write or delete twice comes to the same, but for what it is answered: those are asked once. */
export function createUsers(namespace: DurableObjectNamespace<UserObject>, tools: CallTools): UserStore {
  const ask = <R>(
    place: TenantPlace,
    user: string,
    repeatable: boolean,
    question: (object: Remote<UserObject>) => Promise<R>,
  ): Promise<R> =>
    callObject(
      tools,
      { deadlineMs: OBJECT_CALL_MS, repeatable },
      () => ownedStub<UserObject>(namespace, place, user) as unknown as UserObject,
      question,
    )
  return {
    profile: (place, user) => ask(place, user, true, (object) => object.profile()),
    putProfile: (place, user, sealed) =>
      ask(place, user, false, (object) => object.putProfile(sealed, tools.clock.now())),
    deleteProfile: (place, user) => ask(place, user, false, (object) => object.deleteProfile()),
    erase: (place, user) => ask(place, user, true, (object) => object.erase()),
  }
}
