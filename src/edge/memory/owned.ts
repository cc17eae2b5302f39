/** Tells a tenant which sessions it has: whoever deletes it finds them there. */
import { BoundedMap } from '../../lib/bounded-map.ts'
import type { Services } from '../../services.ts'

/** Sessions of which an isolate remembers until when their tenant knows of them. */
const TOLD_MAX = 10_000
/** Told anew when so much of its time is over: what is used slides, and nobody need write at every turn. */
const AGAIN_SHARE = 0.25

type Place = Parameters<Services['sessions']['head']>[0]

const told = new BoundedMap<string, number>(TOLD_MAX)

/** Before a turn can make the session, and before its time is over. Rejects where the tenant cannot be told. */
export async function ownSession(
  { tenants, clock }: Pick<Services, 'tenants' | 'clock'>,
  place: Place,
  session: string,
  ttlMs: number,
): Promise<void> {
  const untilMs = clock.now() + ttlMs
  const name = `${place.id}.${place.generation}\n${session}`
  const knownMs = told.get(name) ?? 0
  if (knownMs - untilMs > -ttlMs * AGAIN_SHARE) return
  await tenants.own(place, [{ kind: 'session', id: session, untilMs: untilMs + ttlMs * AGAIN_SHARE }])
  told.set(name, untilMs)
}
