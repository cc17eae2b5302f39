/** Who can generate or embed. A provider answers in the canonical protocol, OpenAI's, whatever it speaks itself. */
import type { NativeRequest, Operation, Relayed } from '../core/inference.ts'
import type { Form } from '../core/wire.ts'
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
  /**
   * The same request in the caller's own protocol, where the target speaks it: then that is what is sent, and the reply
   * comes back as it is. `dropped` are the parts of it that may not go to this provider, and are out of `body` already.
   */
  readonly native?: NativeRequest
  /** May the target be sent what is bound to a provider of its protocol: signatures, encrypted reasoning? Absent: yes. */
  readonly keepsBound?: boolean | undefined
  /**
   * Was `body` written by a skin of ours? Then it may have fields that the protocol does not: `pool` says that the target
   * is an engine of the operator's own, which takes more of them.
   */
  readonly translated?: 'pool' | 'other' | undefined
  /** For an engine of the operator's own: requests with other salts have no part of its prefix cache in common. */
  readonly cacheSalt?: string | undefined
  /** Of the operation `relay`. */
  readonly relay?: Relayed
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
  /** `anthropic-beta` values that the provider's config lets through, with globs; undefined: those of the protocol. */
  readonly betas?: readonly string[] | undefined
  /** Makes the call: redirects are never followed, and it may go through a binding. */
  readonly outgoing: Outgoing
  /** Aborted when the attempt is over for any reason. */
  readonly signal: AbortSignal
}

/**
 * What came back: JSON or SSE of `chat.completion.chunk`, or of the caller's own protocol where the call was native; for
 * a failure OpenAI's error body.
 */
export interface ProviderReply {
  /** Absent: OpenAI's. */
  readonly form?: Form
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
  /** Protocols of callers that its targets may speak themselves; absent: none but OpenAI's. */
  readonly natives?: readonly NativeRequest['form'][]
  /** Where `baseUrl` points when the config names none; undefined where it must. */
  readonly defaultBaseUrl: string | undefined
  call(call: ProviderCall): Promise<ProviderReply>
  /** Tries the credential by listing models: OpenAI's list (`{data:[{id}]}`) or its error body. */
  check(call: ProviderCheck): Promise<ProviderReply>
}
