/** Kept responses, sealed and opened: their objects hold nothing that can be read. */
import { RESPONSE_ID_CHARS_MAX, RESPONSE_KEPT_MS } from '../../core/limits.ts'
import { type Caller, placeOf } from '../../core/tenant.ts'
import { parseLossless } from '../../lib/json.ts'
import { own } from '../../record/own.ts'
import type { Services } from '../../services.ts'

type Json = Readonly<Record<string, unknown>>

/** What is kept of a response. */
export interface KeptResponse {
  /** The response object, as its client saw it. */
  readonly response: Json
  /** Its own input, each item with an id. */
  readonly input: readonly Json[]
  /** All items before its own, of whichever responses it goes on from: a chain needs one look-up. */
  readonly context: readonly Json[]
}

/** An id that a response may be kept under; upstreams give their own. */
export const isKeepableId = (id: unknown): id is string =>
  typeof id === 'string' && id.length <= RESPONSE_ID_CHARS_MAX && /^[\x21-\x7e]+$/.test(id)

/** Keeps one. Rejects where it cannot be kept: its client then has the answer, and nothing to come back to. */
export async function putKept(services: Services, caller: Caller, id: string, kept: KeptResponse): Promise<void> {
  const place = placeOf(caller)
  const keyring = await services.cacheKeys.keysOf(caller, place)
  const seal = (part: keyof KeptResponse): Promise<string> => keyring.seal(nameOf(id, part), JSON.stringify(kept[part]))
  const [response, input, context] = await Promise.all([seal('response'), seal('input'), seal('context')])
  own(services, caller, { kind: 'response', id, untilMs: services.clock.now() + RESPONSE_KEPT_MS })
  await services.responses.put(place, id, { response, input, context }, RESPONSE_KEPT_MS)
}

/** Parts of one; null where nothing is kept under that id. Rejects where that cannot be told now. */
export async function readKept<P extends keyof KeptResponse>(
  services: Services,
  caller: Caller,
  id: string,
  parts: readonly P[],
): Promise<Pick<KeptResponse, P> | null> {
  if (!isKeepableId(id)) return null
  const place = placeOf(caller)
  const sealed = await services.responses.get(place, id, parts)
  if (sealed === null) return null
  const keyring = await services.cacheKeys.keysOf(caller, place)
  const opened = await Promise.all(
    parts.map(async (part) => [part, parseLossless(await keyring.open(nameOf(id, part), sealed[part]))] as const),
  )
  return Object.fromEntries(opened) as Pick<KeptResponse, P>
}

/** What a part is sealed for: it opens in no other's place. */
const nameOf = (id: string, part: string): string => `response|${part}|${id}`
