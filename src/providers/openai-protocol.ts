/** Providers that speak OpenAI's protocol: the caller's JSON goes out, their bytes come back. The hot path. */
import type { Operation } from '../core/inference.ts'
import { USER_AGENT } from '../lib/version.ts'
import type { Provider, ProviderCall, ProviderReply } from './types.ts'

const PATHS: Readonly<Record<Operation, string>> = {
  chat: '/chat/completions',
  completions: '/completions',
  embeddings: '/embeddings',
}
const DEFAULT_BASE_URL = 'https://api.openai.com/v1'
const NOTHING_DROPPED: readonly string[] = []
const STREAM_OPTIONS_DROPPED: readonly string[] = ['stream_options']

/** OpenAI, vLLM, SGLang, TGI, Ollama and all who copy them. */
export const openaiProtocol: Provider = {
  operations: ['chat', 'completions', 'embeddings'],
  defaultBaseUrl: DEFAULT_BASE_URL,
  async call(call) {
    const { model, stream, streamUsage } = call
    const body = call.outputCap === undefined ? call.body : withOutputCap(call, call.outputCap)
    const reply = await call.outgoing({
      url: endpoint(call.baseUrl, PATHS[call.operation]),
      method: 'POST',
      headers: headersOf(call, stream ? 'text/event-stream' : 'application/json'),
      // Spread first: `model` keeps its place, and a prefix cache over the raw body its hits.
      body: JSON.stringify(
        stream ? { ...body, model, stream_options: streamOptions(body, streamUsage) } : { ...body, model },
      ),
      signal: call.signal,
    })
    const dropped = stream && !streamUsage && body.stream_options != null ? STREAM_OPTIONS_DROPPED : NOTHING_DROPPED
    return new PassedReply(reply, dropped)
  },
  async check(call) {
    const { signal } = call
    const headers = headersOf(call, 'application/json')
    const reply = await call.outgoing({ url: endpoint(call.baseUrl, '/models'), method: 'GET', headers, signal })
    return new PassedReply(reply, NOTHING_DROPPED)
  },
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

/** A Response as it came. Its stream is made only for whoever asks for it: a whole reply is read at once. */
class PassedReply implements ProviderReply {
  readonly #reply: Response
  readonly droppedParams: readonly string[]

  constructor(reply: Response, droppedParams: readonly string[]) {
    this.#reply = reply
    this.droppedParams = droppedParams
  }

  get status(): number {
    return this.#reply.status
  }

  get headers(): Headers {
    return this.#reply.headers
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#reply.body
  }

  text(): Promise<string> {
    return this.#reply.text()
  }
}
