/** One Sluice and one upstream for the suites about the HTTP edge. */
import { expect } from 'vitest'
import { pick, type Reply } from '../support/http-client.ts'
import { ScriptedOrigin, silent } from '../support/scripted-origin.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { providerError, stream, whole } from '../support/wire.ts'
import { answerChat } from './answering-origin.ts'

const names = ['chat', 'priced', 'failing', 'rejecting', 'slow']
/** Where chats go. */
export const path = '/v1/chat/completions'
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** What a file holds while it runs. */
export interface Edge {
  readonly origin: ScriptedOrigin
  readonly sluice: TestSluice
  /** Key of tenant `edge`, which may call everything. */
  readonly key: string
  /** Sends a chat with that key. */
  post(body: unknown, headers?: Record<string, string>): Promise<Reply>
  stop(): Promise<void>
}

export async function startEdge(): Promise<Edge> {
  const origin = await ScriptedOrigin.start()
  origin.on('chat', answerChat).on('slow', silent)
  origin.on('priced', (call) =>
    call.reply(200, call.json.stream === true ? stream('hi') : whole('hi'), {
      'content-type': call.json.stream === true ? 'text/event-stream' : 'application/json',
    }),
  )
  origin.on('failing', (call) => call.reply(500, '{}'))
  origin.on('rejecting', (call) => call.reply(400, providerError('No.', { param: 'tools' })))
  const sluice = await setUp({
    credentials: { upstream: 'sk-upstream', extra: 'extra-value' },
    config: {
      providers: Object.fromEntries(
        names.map((name) => {
          const headers = { 'x-literal': 'literal', 'x-from-vault': { credential: 'extra' } }
          return [name, { protocol: 'openai', baseUrl: origin.url(name), credential: 'upstream', headers }] as const
        }),
      ),
      models: Object.fromEntries(
        names.map((name) => {
          const price = name === 'priced' ? { price: { input: 1, output: 2.5 } } : {}
          return [name, { targets: [{ provider: name, model: 'm', ...price }], retries: 0 }] as const
        }),
      ),
      cors: { origins: ['https://app.example'] },
    },
    tenants: [{ id: 'edge' }, { id: 'narrow', models: ['priced'] }, { id: 'idle' }],
  })
  const { key } = sluice.keyOf('edge')
  return {
    origin,
    sluice,
    key,
    post: (body, headers = {}) => sluice.post(key, path, body, { headers }),
    stop: async () => {
      await sluice.stop()
      await origin.close()
    },
  }
}

/** The closed shape: four keys and no more. */
export function expectError(reply: Reply, status: number, code: string, param: unknown = null): void {
  expect(reply.status, reply.body).toBe(status)
  const error = pick(reply.json, 'error')
  expect(Object.keys(reply.json as object)).toEqual(['error'])
  expect(Object.keys(error as object).sort()).toEqual(['code', 'message', 'param', 'type'])
  expect(error).toMatchObject({ code, param })
  expect(reply.headers['content-type']).toMatch(/^application\/json/)
  expect(reply.headers['x-request-id']).toMatch(UUID)
}
