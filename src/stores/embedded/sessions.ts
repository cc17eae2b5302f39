/** `SessionStore` over one Durable Object a session. */
import { SESSION_CALL_MS } from '../../core/session/limits.ts'
import type { SessionStore } from '../../core/session/store.ts'
import { ownedStub } from '../../lib/object-places.ts'
import { upgradeThrough } from '../../lib/outgoing.ts'
import type { SessionObject } from '../../objects/session.ts'
import type { TenantPlace } from '../types.ts'
import { type CallRules, type CallTools, callObject, type Remote } from './object-call.ts'

/** All that the object is told it may be told twice: rows have names, and turns ids. */
const RULES: CallRules = { deadlineMs: SESSION_CALL_MS, repeatable: true }

export function createSessions(namespace: DurableObjectNamespace<SessionObject>, tools: CallTools): SessionStore {
  const ask = <R>(
    place: TenantPlace,
    session: string,
    question: (object: Remote<SessionObject>) => Promise<R>,
    rules = RULES,
  ): Promise<R> =>
    callObject(tools, rules, () => ownedStub(namespace, place, session) as unknown as SessionObject, question)

  return {
    // Made twice, it would say that it was there.
    create: (place, session, ...what) =>
      ask(place, session, (object) => object.create(...what), { ...RULES, repeatable: false }),
    begin: (place, session, begin) =>
      ask(place, session, (object) => object.begin(begin), { ...RULES, deadlineMs: SESSION_CALL_MS + begin.waitMs }),
    renew: (place, session, turnId) => ask(place, session, (object) => object.renew(turnId)),
    end: (place, session, end) => ask(place, session, (object) => object.end(end)),
    abandon: (place, session, { id, birth }, ...how) =>
      ask(place, session, (object) => object.abandon(id, birth, ...how)),
    append: (place, session, ...what) => ask(place, session, (object) => object.append(...what)),
    removeItem: (place, session, { seq, epoch }, ...what) =>
      ask(place, session, (object) => object.removeItem(seq, epoch, ...what), { ...RULES, repeatable: false }),
    summarise: (place, session, ...what) => ask(place, session, (object) => object.summarise(...what)),
    setMetadata: (place, session, ...what) => ask(place, session, (object) => object.setMetadata(...what)),
    head: (place, session) => ask(place, session, (object) => object.head()),
    page: (place, session, query) => ask(place, session, (object) => object.page(query)),
    rowOf: (place, session, itemId) => ask(place, session, (object) => object.rowOf(itemId)),
    listen: (place, session, after) => ask(place, session, (object) => object.listen(after)),
    hold: (place, session, ...what) => ask(place, session, (object) => object.hold(...what)),
    connect: (place, session, ticket) =>
      upgradeThrough(ownedStub(namespace, place, session), `https://session/${ticket}`),
    delete: (place, session) => ask(place, session, (object) => object.delete()),
    erase: (place, session) => ask(place, session, (object) => object.erase()),
  }
}
