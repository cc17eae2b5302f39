/** A tenant's limits from outside: requests under them, and what they have counted. */
import type { LimitView } from '../../src/core/admin-views.ts'
import type { Limit } from '../../src/core/config.ts'
import type { Exchange, Reply } from './http-client.ts'
import type { Order } from './ordered-origin.ts'
import { eventually, type MadeKey, ROW_MS, type TestSluice } from './sluice.ts'

const CHAT = '/v1/chat/completions'

/** What is unlike a short chat of at most 10 tokens with the model `priced`, at the first isolate. */
export interface Wanted {
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly isolate?: number
  readonly order?: Order
  readonly [field: string]: unknown
}

/** Asks and looks at the Sluice that is there when something is asked. */
export function limited(sluice: () => TestSluice) {
  const begin = ({ key }: MadeKey, { path = CHAT, headers = {}, isolate = 0, ...fields }: Wanted = {}): Exchange => {
    const messages = [{ role: 'user', content: 'hi' }]
    const asked = path === CHAT ? { messages } : path.endsWith('completions') ? { prompt: 'hi' } : { input: 'hi' }
    const url = sluice().urls[isolate] ?? ''
    return sluice().begin(key, path, { model: 'priced', ...asked, max_tokens: 10, ...fields }, { headers, url })
  }
  /** By name, and subject where it has one. */
  const views = async (id: string): Promise<Map<string, LimitView>> => {
    const { data } = (await sluice().done('GET', `/admin/tenants/${id}/limits`)) as { data: LimitView[] }
    return new Map(data.map((view) => [`${view.name}${view.subject === null ? '' : `/${view.subject}`}`, view]))
  }
  return {
    begin,
    views,
    ask: (key: MadeKey, wanted?: Wanted): Promise<Reply> => begin(key, wanted).reply,
    /** A tenant of its own, with these limits and a key. */
    tenant: async (id: string, limits: readonly Partial<Limit>[], fields: object = {}): Promise<MadeKey> => {
      await sluice().makeTenant(id, { limits, ...fields })
      return sluice().keyOf(id)
    },
    /** Waits until what a tenant's limits count is this: all ends are settled. */
    used: (id: string, wanted: Readonly<Record<string, number>>): Promise<true> =>
      eventually(`${id}: ${JSON.stringify(wanted)}`, ROW_MS, async () => {
        const found = await views(id)
        return Object.entries(wanted).every(([name, units]) => (found.get(name)?.used ?? 0) === units) || undefined
      }),
  }
}
