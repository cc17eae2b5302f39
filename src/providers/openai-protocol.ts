/** Providers that speak OpenAI's protocol: the caller's JSON goes out, their bytes come back. The hot path. */
import type { NativeRequest, Operation, Relayed } from '../core/inference.ts'
import { withoutLasting } from '../core/responses/bound.ts'
import { USER_AGENT } from '../lib/version.ts'
import { type Bare, withoutOwnFields } from './own-fields.ts'
import { PassedReply } from './passed-reply.ts'
import type { Provider, ProviderCall } from './types.ts'

const PATHS: Readonly<Record<Exclude<Operation, 'count_tokens' | 'relay'>, string>> = {
  chat: '/chat/completions',
  completions: '/completions',
  embeddings: '/embeddings',
}
const DEFAULT_BASE_URL = 'https://api.openai.com/v1'
const NOTHING_DROPPED: readonly string[] = []

/** OpenAI, vLLM, SGLang, TGI, Ollama and all who copy them. */
export const openaiProtocol: Provider = {
  operations: ['chat', 'completions', 'embeddings', 'relay'],
  natives: ['responses'],
  defaultBaseUrl: DEFAULT_BASE_URL,
  async call(call) {
    const { model, stream, streamUsage, operation } = call
    if (call.native !== undefined) return passedResponses(call, call.native)
    if (call.relay !== undefined) return relayed(call, call.relay)
    if (operation === 'count_tokens' || operation === 'relay') throw new Error(`no endpoint for ${operation}`)
    const asked = call.translated === undefined ? asItIs(call) : withoutOwnFields(call.body, call.translated === 'pool')
    const bounded =
      call.outputCap === undefined ? asked.body : withOutputCap({ ...call, body: asked.body }, call.outputCap)
    // Whatever the caller says: to choose another tenant's salt would be to share with it.
    const body =
      call.cacheSalt === undefined || operation === 'embeddings' ? bounded : { ...bounded, cache_salt: call.cacheSalt }
    const reply = await call.outgoing({
      url: endpoint(call.baseUrl, PATHS[operation]),
      method: 'POST',
      headers: headersOf(call, stream ? 'text/event-stream' : 'application/json'),
      // Spread first: `model` keeps its place, and a prefix cache over the raw body its hits.
      body: JSON.stringify(
        stream ? { ...body, model, stream_options: streamOptions(body, streamUsage) } : { ...body, model },
      ),
      signal: call.signal,
    })
    const isUnasked = stream && !streamUsage && body.stream_options != null
    return new PassedReply(reply, isUnasked ? [...asked.dropped, 'stream_options'] : asked.dropped)
  },
  async check(call) {
    const { signal } = call
    const headers = headersOf(call, 'application/json')
    const reply = await call.outgoing({ url: endpoint(call.baseUrl, '/models'), method: 'GET', headers, signal })
    return new PassedReply(reply, NOTHING_DROPPED)
  },
}

const asItIs = ({ body }: ProviderCall): Bare => ({ body, dropped: NOTHING_DROPPED })

/** A caller of the Responses API, at a target that has one: the body is theirs but for the model, and for what is kept. */
async function passedResponses(call: ProviderCall, { body, dropped }: NativeRequest): Promise<PassedReply> {
  const { model, outputCap, stream, signal, cacheSalt } = call
  const cap =
    outputCap === undefined || typeof body.max_output_tokens === 'number' ? {} : { max_output_tokens: outputCap }
  const reply = await call.outgoing({
    url: endpoint(call.baseUrl, '/responses'),
    method: 'POST',
    headers: headersOf(call, stream ? 'text/event-stream' : 'application/json'),
    body: JSON.stringify({
      ...withoutLasting(body),
      model,
      ...cap,
      ...(cacheSalt === undefined ? {} : { cache_salt: cacheSalt }),
    }),
    signal,
  })
  return new PassedReply(reply, dropped, reply.ok ? 'responses' : 'openai')
}

/** What goes to another endpoint is the caller's but for the model. */
async function relayed(call: ProviderCall, { path, upload }: Relayed): Promise<PassedReply> {
  const headers = headersOf(call, '*/*')
  if (upload !== undefined) headers['content-type'] = upload.contentType
  const reply = await call.outgoing({
    url: endpoint(call.baseUrl, path),
    method: 'POST',
    headers,
    body: upload?.take(call.model) ?? JSON.stringify({ ...call.body, model: call.model }),
    signal: call.signal,
  })
  return new PassedReply(reply, NOTHING_DROPPED)
}

function endpoint(baseUrl = DEFAULT_BASE_URL, path: string): string {
  return baseUrl.endsWith('/') ? baseUrl.slice(0, -1) + path : baseUrl + path
}

/** OpenAI itself, where the older name of the bound is an error of its newer models. */
const OPENAI_HOST = /(?:^|\.)(?:api\.openai\.com|openai\.azure\.com)$/
const OPENAI_MODEL = /(?:^|\/)(?:o[1-9]|gpt-[5-9])/

/**
 * Sees to it that the server is told a bound by the name it heeds: `max_tokens` is the one that all know (some copies
 * ignore the newer name, some refuse it), but of OpenAI's newer models. Both at once are refused there.
 */
function withOutputCap(call: ProviderCall, outputCap: number): ProviderCall['body'] {
  const { body, operation, baseUrl = DEFAULT_BASE_URL, model } = call
  const takesNewer =
    operation === 'chat' && (OPENAI_HOST.test(URL.parse(baseUrl)?.hostname ?? '') || OPENAI_MODEL.test(model))
  const names = takesNewer ? ['max_completion_tokens', 'max_tokens'] : ['max_tokens']
  const isTold = operation === 'embeddings' || names.some((name) => typeof body[name] === 'number')
  return isTold ? body : { ...body, [names[0] as string]: outputCap }
}

/** Usage is always asked for. A provider that rejects the question gets no `stream_options` at all. */
function streamOptions(body: ProviderCall['body'], streamUsage: boolean): object | undefined {
  if (!streamUsage) return undefined
  const asked = body.stream_options
  return typeof asked === 'object' ? { ...asked, include_usage: true } : { include_usage: true }
}

/** The whole list of what goes out. Compression is the runtime's to ask for and to undo: what passes on is decoded. */
function headersOf(call: Pick<ProviderCall, 'credential' | 'headers'>, accept: string): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept,
    'user-agent': USER_AGENT,
  }
  if (call.credential !== undefined) headers.authorization = `Bearer ${call.credential}`
  // In lower case: two spellings of one name would be sent as one header with both values.
  for (const name in call.headers) headers[name.toLowerCase()] = call.headers[name] as string
  return headers
}
