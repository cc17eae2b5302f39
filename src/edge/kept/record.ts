/** Kept responses, sealed and opened: their objects hold nothing that can be read. */
import { ITEMS_POINTED_MAX, RESPONSE_ID_CHARS_MAX, RESPONSE_KEPT_MS } from '../../core/limits.ts'
import { field, items } from '../../core/loose.ts'
import { type Caller, placeOf } from '../../core/tenant.ts'
import { parseLossless } from '../../lib/json.ts'
import { own } from '../../record/own.ts'
import type { Services } from '../../services.ts'
import { responseOfItem } from './items.ts'

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
  const put = (name: string, parts: Record<keyof KeptResponse, string>): Promise<void> => {
    own(services, caller, { kind: 'response', id: name, untilMs: services.clock.now() + RESPONSE_KEPT_MS })
    return services.responses.put(place, name, parts, RESPONSE_KEPT_MS)
  }
  const pointed = foreignItems(kept.response).map(async (item) => {
    const sealed = await keyring.seal(nameOf(item, 'pointer'), id)
    await put(pointerName(item), { response: sealed, input: '', context: '' })
  })
  await Promise.all([put(id, { response, input, context }), ...pointed])
}

/** The response that an output item belongs to; null where that is not known. Whether it is kept still is another question. */
export async function responseWith(services: Services, caller: Caller, item: unknown): Promise<string | null> {
  const own = responseOfItem(item)
  if (own !== null || !isKeepableId(item)) return own
  const place = placeOf(caller)
  const sealed = await services.responses.get(place, pointerName(item), ['response'])
  if (sealed === null) return null
  const keyring = await services.cacheKeys.keysOf(caller, place)
  return keyring.open(nameOf(item, 'pointer'), sealed.response)
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

/** Ids of output items that their provider gave: of which response they are, they do not say. */
const foreignItems = ({ output }: Json): readonly string[] =>
  items(output)
    .map((item) => field(item, 'id'))
    .filter(isKeepableId)
    .filter((id) => responseOfItem(id) === null)
    .slice(0, ITEMS_POINTED_MAX)

/** No response can have this for its id. */
const pointerName = (item: string): string => `item ${item}`

/** What a part is sealed for: it opens in no other's place. */
const nameOf = (id: string, part: string): string => `response|${part}|${id}`
