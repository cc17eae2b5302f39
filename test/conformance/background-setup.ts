/** A Sluice whose upstreams answer, hold back, refuse and break, and `openai` clients that have it work in the background. */
import OpenAI from 'openai'
import type { Response } from 'openai/resources/responses/responses'
import { type Call, ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, setUp } from '../support/sluice.ts'
import { DONE, finish, providerError, role, text, usage } from '../support/wire.ts'
import { answerChat } from './answering-origin.ts'

/** A response is made, kept and can be had within this time of its upstream's last word. */
export const MADE_MS = 10_000
/** What `held` says. */
export const WORDS: readonly string[] = Array.from({ length: 30 }, (_, index) => `w${index} é世 `)
const NAMES = ['chat', 'held', 'refusing', 'broken', 'native', 'silent']

/** Starts it. */
export async function setUpBackground() {
  const origin = await ScriptedOrigin.start()
  /** Calls to `held` say some words, and the rest of them when the test lets go of them. */
  const held = new Map<Call, () => void>()
  origin.on('chat', answerChat).on('native', answerChat)
  origin.on('refusing', (call) => call.reply(400, providerError('No such thing.')))
  origin.on('broken', async (call) => {
    await call.head(200)
    await call.write(role() + text('half '))
    call.reset()
  })
  origin.on('silent', async (call) => {
    await call.ended
  })
  origin.on('held', async (call) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    held.set(call, resolve)
    await call.head(200)
    await call.write(role())
    for (const word of WORDS.slice(0, 10)) await call.write(text(word))
    await Promise.race([promise, call.ended])
    for (const word of WORDS.slice(10)) await call.write(text(word))
    await call.end(finish() + usage() + DONE)
  })
  const sluice = await setUp({
    config: {
      providers: Object.fromEntries(
        NAMES.map((name) => [
          name,
          { protocol: 'openai', baseUrl: origin.url(name), ...(name === 'native' ? { responses: true } : {}) },
        ]),
      ),
      models: Object.fromEntries(
        NAMES.map((name) => [name, { targets: [{ provider: name, model: 'm' }], retries: 0 }]),
      ),
    },
    tenants: [{ id: 'app' }, { id: 'other' }],
  })
  const clientOf = (tenant: string) =>
    new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: sluice.keyOf(tenant).key, maxRetries: 0 })
  const client = clientOf('app')
  return {
    origin,
    sluice,
    client,
    other: clientOf('other'),
    begin: (model: string, more: object = {}): Promise<Response> =>
      client.responses.create({ model, input: 'hello', ...more, background: true, stream: false }),
    /** Asks after it, as SDKs are told to, until it has ended. */
    ended: ({ id }: { readonly id: string }): Promise<Response> =>
      eventually(`the end of ${id}`, MADE_MS, async () => {
        const response = await client.responses.retrieve(id)
        return ['queued', 'in_progress'].includes(response.status ?? '') ? undefined : response
      }),
    /** The call to `held` after so many. */
    heldCall: (before: number): Promise<Call> =>
      eventually('the call', MADE_MS, async () => origin.calls('held')[before]),
    letGo: (call: Call): void => held.get(call)?.(),
    async stop(): Promise<void> {
      await sluice.stop()
      await origin.close()
    },
  }
}

export type Background = Awaited<ReturnType<typeof setUpBackground>>
