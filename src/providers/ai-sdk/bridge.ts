/** One bridge onto the AI SDK's `LanguageModel` interface: canonical request in, canonical reply out, for all its providers. */
// The model's own methods are called, never the `ai` package: that would retry by itself.
import type { LanguageModelV4, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { parseJson } from '../../core/chat-wire.ts'
import type { Provider, ProviderCall, ProviderCheck, ProviderReply } from '../types.ts'
import { callOptions, type Translation } from './call-options.ts'
import { failureOf, failureReply, streamError, transportError, UNREADABLE } from './errors.ts'
import { modelList } from './model-list.ts'
import { chatCompletion, type Heading } from './reply.ts'
import { eventStream } from './stream.ts'
import { type Transport, transport } from './transport.ts'
import { withWarnings } from './warnings.ts'

/** What every AI SDK provider is made with. */
export interface SdkSettings {
  readonly apiKey: string
  readonly baseURL: string
  readonly fetch: typeof globalThis.fetch
  /** For tool calls of providers that give them no id. */
  readonly generateId: () => string
}

export interface SdkProvider {
  languageModel(model: string): LanguageModelV4
}

/** A protocol that an AI SDK package speaks. */
export interface SdkProtocol {
  /** Also the package's own name for its provider options. */
  readonly name: string
  readonly baseUrl: string | undefined
  /** Loads the package when it is first asked for: a Worker that never calls it never evaluates it. */
  readonly load: (settings: SdkSettings) => Promise<SdkProvider>
  /** Headers that list models, beside the common ones. */
  readonly authenticate: (credential: string) => Readonly<Record<string, string>>
}

/** Time and randomness of the replies. */
export interface Surroundings {
  /** ms since the epoch. */
  readonly now: () => number
  /** Unique, in letters, digits and dashes. */
  readonly uniqueId: () => string
}

/** The provider for one protocol. */
export function aiSdkProvider(protocol: SdkProtocol, surroundings: Surroundings): Provider {
  return {
    operations: ['chat'],
    defaultBaseUrl: protocol.baseUrl,
    call: (call) => answer(protocol, surroundings, call),
    check: (call) => listModels(protocol, call),
  }
}

async function answer(protocol: SdkProtocol, surroundings: Surroundings, call: ProviderCall): Promise<ProviderReply> {
  const own = new AbortController()
  const signal = AbortSignal.any([call.signal, own.signal])
  const wire = transport(call, call.stream ? 'text/event-stream' : 'application/json', signal, call.stream)
  try {
    const sdk = await protocol.load({
      apiKey: call.credential ?? '',
      baseURL: baseUrlOf(protocol, call),
      fetch: wire.send,
      generateId: () => `call_${surroundings.uniqueId()}`,
    })
    const model = sdk.languageModel(call.model)
    const translation = callOptions(call.body, {
      protocol: protocol.name,
      model: call.model,
      supportedUrls: await model.supportedUrls,
      keepsBound: call.keepsBound,
      maxOutputTokens: call.maxOutputTokens,
    })
    const options = { ...translation.options, headers: { ...call.headers }, abortSignal: signal }
    const heading: Heading = {
      id: `chatcmpl-${surroundings.uniqueId()}`,
      created: Math.floor(surroundings.now() / 1000),
      model: call.model,
    }
    return call.stream
      ? await streamed(model, { ...translation, options }, heading, wire, own)
      : await whole(model, { ...translation, options }, heading, wire)
  } catch (error) {
    call.signal.throwIfAborted()
    const failed = failureOf(error, wire.answered() !== undefined)
    if (failed === null) throw transportError(error)
    return failureReply(failed)
  }
}

async function whole(
  model: LanguageModelV4,
  { options, droppedParams }: Translation,
  heading: Heading,
  wire: Transport,
): Promise<ProviderReply> {
  const result = await model.doGenerate(options)
  const completion = chatCompletion(result, heading)
  if (completion === null) return failureReply(UNREADABLE)
  return {
    status: 200,
    headers: headersOf(wire, 'application/json'),
    body: new Blob([JSON.stringify(completion)]).stream(),
    droppedParams: withWarnings(droppedParams, result.warnings),
  }
}

async function streamed(
  model: LanguageModelV4,
  { options, droppedParams }: Translation,
  heading: Heading,
  wire: Transport,
  own: AbortController,
): Promise<ProviderReply> {
  const parts = (await model.doStream(options)).stream.getReader()
  // The SDK's warnings come first, and they belong in a header.
  const first: LanguageModelV4StreamPart | undefined = (await parts.read()).value
  const warnings = first?.type === 'stream-start' ? first.warnings : []
  return {
    status: 200,
    headers: headersOf(wire, 'text/event-stream'),
    body: eventStream({ parts, first, heading, describe: streamError, abandon: () => own.abort() }),
    droppedParams: withWarnings(droppedParams, warnings),
  }
}

async function listModels(protocol: SdkProtocol, call: ProviderCheck): Promise<ProviderReply> {
  const wire = transport(call, 'application/json', call.signal, false)
  try {
    const headers = protocol.authenticate(call.credential ?? '')
    const reply = await wire.send(`${baseUrlOf(protocol, call)}/models`, { method: 'GET', headers })
    const body = JSON.stringify(modelList(parseJson(await reply.text())))
    return {
      status: 200,
      headers: headersOf(wire, 'application/json'),
      body: new Blob([body]).stream(),
      droppedParams: [],
    }
  } catch (error) {
    const failed = failureOf(error, wire.answered() !== undefined)
    if (failed === null) throw transportError(error)
    return failureReply(failed)
  }
}

function baseUrlOf(protocol: SdkProtocol, call: ProviderCheck): string {
  const url = call.baseUrl ?? protocol.baseUrl
  if (url === undefined)
    throw new Error(`The protocol ${protocol.name} has no base URL of its own: the config must name one.`)
  return url.endsWith('/') ? url.slice(0, -1) : url
}

function headersOf(wire: Transport, contentType: string): Headers {
  const headers = new Headers({ 'content-type': contentType })
  for (const name of ['request-id', 'x-request-id']) {
    const value = wire.answered()?.get(name)
    if (value != null) headers.set(name, value)
  }
  return headers
}
