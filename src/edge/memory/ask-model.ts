/** A question of the gateway's own to one of its models, in the name of a caller: admitted, charged and recorded as theirs. */
import { parseJson } from '../../core/chat-wire.ts'
import { field, items } from '../../core/loose.ts'
import { canonicalWhole } from '../../core/recall/native.ts'
import { answer } from '../../gateway.ts'
import type { Services } from '../../services.ts'
import type { Exchange } from '../exchange.ts'
import type { AskModel } from './summary.ts'

/** Asks with the rights and the limits of whoever sent the request; null where that gives no text. Never rejects. */
export function askModel(services: Services, { entry, client }: Pick<Exchange, 'entry' | 'client'>): AskModel {
  return async (model, messages) => {
    const body = { model, messages }
    const text = JSON.stringify(body)
    const asked = {
      requestId: crypto.randomUUID(),
      startedAtMs: services.clock.now(),
      operation: 'chat' as const,
      alias: model,
      body,
      bodyBytes: new TextEncoder().encode(text).length,
      bodyChars: text.length,
      stream: false,
      wantsUsage: false,
      timeoutMs: undefined,
      firstTokenMs: undefined,
      maxWaitMs: undefined,
      user: undefined,
      cacheMode: 'off' as const,
      cacheTtlSeconds: undefined,
      debug: false,
      traceparent: undefined,
    }
    const answered = await answer(services, entry, asked, client)
    if (answered.kind !== 'whole') return null
    const whole = answered.form === 'openai' ? answered.body : canonicalWhole(answered.form, answered.body)
    if (whole === null) return null
    const value = parseJson(typeof whole === 'string' ? whole : new TextDecoder().decode(whole))
    const content = field(field(items(field(value, 'choices'))[0], 'message'), 'content')
    return typeof content === 'string' ? content : null
  }
}
