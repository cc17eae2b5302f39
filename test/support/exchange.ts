/** A request that was read, as the steps at the edge are given it. */
import { enter } from '../../src/authenticate/enter.ts'
import type { Exchange } from '../../src/edge/exchange.ts'
import { commonHeaders } from '../../src/edge/headers.ts'
import { SKINS } from '../../src/edge/skins.ts'
import type { isolate } from './worker.ts'

/** One of Messages to the alias `priced`; `released` counts how often its body was given back. */
export async function messagesRequestOf({ services, guard, key }: Awaited<ReturnType<typeof isolate>>) {
  const entry = await enter(services, guard, { authorization: `Bearer ${key}`, apiKey: null })
  if (entry.kind === 'refused') throw new Error(entry.refusal.message)
  const headers = commonHeaders(new Headers())
  let released = 0
  const exchange = {
    skin: SKINS['/v1/messages'],
    entry,
    headers,
    request: { requestId: headers['x-request-id'], startedAtMs: services.clock.now(), alias: 'priced' },
    release: () => void released++,
  } as unknown as Exchange
  return { exchange, released: () => released }
}
