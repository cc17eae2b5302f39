/** One Sluice and one upstream for the suites about endpoints that are passed on. */
import { randomBytes } from 'node:crypto'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import type { Reply } from '../support/http-client.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { providerError } from '../support/wire.ts'
import { formOf, type RelayCall, type RelayOrigin, relayOrigin } from './relay-origin.ts'

export const MEGABYTE = 1024 * 1024
export const SPEECH = '/v1/audio/speech'
const TRANSCRIPTIONS = '/v1/audio/transcriptions'
export const BOUNDARY = 'an-unlikely-boundary'
export const FORM = `multipart/form-data; boundary=${BOUNDARY}`
/** What is answered to speech, and in images. */
export const audio = randomBytes(MEGABYTE)
const names = ['good', 'failing', 'rejecting', 'slow', 'cut', 'early', 'silent']

async function good(call: RelayCall): Promise<void> {
  const body = (await call.whole).toString('latin1')
  if (call.path === '/v1/moderations')
    return call.reply(200, JSON.stringify({ id: 'modr-1', model: 'up', results: [] }))
  if (call.path === '/v1/audio/speech')
    return call.reply(200, audio, {
      'content-type': 'audio/mpeg',
      'content-disposition': 'inline',
      'set-cookie': 'a=b',
    })
  if (call.path.startsWith('/v1/audio')) return call.reply(200, JSON.stringify({ text: `heard ${body.length} bytes` }))
  const usage = { input_tokens: 50, output_tokens: 1000, total_tokens: 1050, input_tokens_details: { text_tokens: 50 } }
  call.reply(200, JSON.stringify({ created: 1, data: [{ b64_json: audio.toString('base64') }], usage }))
}

/** Begins an answer, and never ends it. */
function slow(call: RelayCall): void {
  call.response.writeHead(200, { 'content-type': 'audio/mpeg' })
  call.response.write(audio.subarray(0, 1000))
}

/** What a file holds while it runs. */
export interface Relaying {
  readonly origin: RelayOrigin
  readonly sluice: TestSluice
  /** Of tenant `relay`, which may call everything. */
  readonly key: string
  stop(): Promise<void>
}

export async function startRelaying(): Promise<Relaying> {
  const origin = await relayOrigin({
    good,
    slow,
    failing: (call) => call.reply(500, '{}'),
    rejecting: (call) => call.reply(400, providerError('No such voice.', { param: 'voice' })),
    cut: (call) => {
      const isEvents = call.headers['x-kind'] === 'events'
      call.response.writeHead(200, { 'content-type': isEvents ? 'text/event-stream' : 'audio/mpeg' })
      call.response.write('begun', () => call.response.socket?.resetAndDestroy())
    },
    early: (call) => call.reply(422, providerError('Not that file.')),
  })
  const sluice = await setUp({
    credentials: { upstream: 'sk-upstream' },
    config: {
      providers: {
        ...Object.fromEntries(
          names.map((name) => [
            name,
            { protocol: 'openai', baseUrl: origin.url(name), credential: 'upstream' } as const,
          ]),
        ),
        events: {
          protocol: 'openai',
          baseUrl: origin.url('cut'),
          credential: 'upstream',
          headers: { 'x-kind': 'events' },
        },
        other: { protocol: 'anthropic', baseUrl: origin.url('other'), credential: 'upstream' },
      },
      models: {
        ...Object.fromEntries(
          [...names, 'events', 'other'].map((name) => [
            name,
            { targets: [{ provider: name, model: 'up' }], retries: 0 },
          ]),
        ),
        priced: { targets: [{ provider: 'good', model: 'up', price: { input: 5, output: 40 } }] },
        fallback: {
          targets: [
            { provider: 'failing', model: 'first' },
            { provider: 'good', model: 'up' },
          ],
          retries: 0,
        },
      },
      limits: [
        { name: 'flight', of: 'concurrency', amount: 3, scope: 'tenant' },
        { name: 'rpm', of: 'requests', amount: 10_000, perSeconds: 60, scope: 'tenant' },
        { name: 'tpm', of: 'tokens', amount: 2000, perSeconds: 60, scope: 'tenant', hard: true },
      ],
    },
    tenants: [{ id: 'relay' }, { id: 'narrow', models: ['priced'] }, { id: 'leaving' }],
  })
  return {
    origin,
    sluice,
    key: sluice.keyOf('relay').key,
    stop: async () => {
      await sluice.stop()
      await origin.close()
    },
  }
}

/** Sends a form to be transcribed. */
export const postForm = (
  { sluice, key }: Relaying,
  fields: Parameters<typeof formOf>[1],
  headers: Record<string, string> = {},
): Promise<Reply> =>
  sluice.post(key, TRANSCRIPTIONS, formOf(BOUNDARY, fields), { headers: { 'content-type': FORM, ...headers } })

/** A form under way, written by hand. */
export function uploading(sluice: TestSluice, apiKey: string, headers: Record<string, string | number> = {}) {
  const outgoing: ClientRequest = httpRequest(`${sluice.url}${TRANSCRIPTIONS}`, {
    agent: false,
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': FORM, ...headers },
  })
  outgoing.on('error', () => {})
  const message = new Promise<IncomingMessage>((resolve) => {
    outgoing.on('response', resolve)
  })
  const status = message.then(({ statusCode }) => statusCode)
  const body = message.then(async (response) => Buffer.concat(await response.toArray()).toString())
  for (const promise of [status, body]) promise.catch(() => {})
  const write = (bytes: Uint8Array): Promise<void> => new Promise((done) => outgoing.write(bytes, () => done()))
  return { outgoing, status, body, write }
}
