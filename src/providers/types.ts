/** Who can generate or embed. A provider answers in the canonical protocol, OpenAI's, whatever it speaks itself. */
import type { Operation } from '../core/inference.ts'
import type { Outgoing } from '../lib/outgoing.ts'

/** One attempt at one target: everything a provider needs, made afresh each time from the kept request. */
export interface ProviderCall {
  readonly operation: Operation
  /** Scheme, host, port and path up to and including the version; undefined where the protocol has a default. */
  readonly baseUrl: string | undefined
  /** The provider's own name of the model. */
  readonly model: string
  /** The caller's JSON; `model` and `stream_options` in it are still the caller's. Never changed in place. */
  readonly body: Readonly<Record<string, unknown>>
  readonly stream: boolean
  /** Ask a streaming upstream for usage? False where the provider's config says that it rejects the question. */
  readonly streamUsage: boolean
  /** The target's largest output, for protocols that demand a number. */
  readonly maxOutputTokens: number | undefined
  /** A bound on output that the target must be told, since no more is reserved; the caller's own where it named one. */
  readonly outputCap: number | undefined
  /** The opened credential; only inside the vault's `use()`. */
  readonly credential: string | undefined
  /** The provider's configured headers, opened; and `traceparent`. */
  readonly headers: Readonly<Record<string, string>>
  /** Makes the call: redirects are never followed, and it may go through a binding. */
  readonly outgoing: Outgoing
  /** Aborted when the attempt is over for any reason. */
  readonly signal: AbortSignal
}

/** What came back, in OpenAI's wire format: JSON or SSE of `chat.completion.chunk`, and for a failure its error body. */
export interface ProviderReply {
  readonly status: number
  /** Of the reply as it is handed on; a Response's own, or a few made by a bridge. Names in lower case. */
  readonly headers: { get(name: string): string | null }
  readonly body: ReadableStream<Uint8Array> | null
  /** Where the body can be read whole at native speed, instead of part by part through `body`. */
  readonly text?: () => Promise<string>
  /** Canonical fields that the target's protocol could not take, as `x-sluice-dropped-params` names them. */
  readonly droppedParams: readonly string[]
}

/** What a try of the credential needs: no request of a caller's, nothing that costs tokens. */
export type ProviderCheck = Pick<ProviderCall, 'baseUrl' | 'credential' | 'headers' | 'outgoing' | 'signal'>

/**
 * One protocol. Rejects only when nothing came back at all (refused, TLS, aborted). A request that cannot be said in
 * its protocol is answered as its provider would: status 400 and an error body that names the field.
 */
export interface Provider {
  readonly operations: readonly Operation[]
  /** Where `baseUrl` points when the config names none; undefined where it must. */
  readonly defaultBaseUrl: string | undefined
  call(call: ProviderCall): Promise<ProviderReply>
  /** Tries the credential by listing models: OpenAI's list (`{data:[{id}]}`) or its error body. */
  check(call: ProviderCheck): Promise<ProviderReply>
}
