/** One request that was read and decoded, on its way to a reply: what every step at the edge is given. No I/O. */
import type { Entry } from '../authenticate/enter.ts'
import type { Client, InferenceRequest } from '../core/inference.ts'
import type { ReplyHeaders } from './headers.ts'
import type { LastingHeaders } from './request-options.ts'
import type { Skin } from './skin.ts'

/** Filled in by the edge, handed from step to step. A step that changes the request makes another one. */
export interface Exchange {
  readonly skin: Skin
  readonly entry: Entry
  readonly request: InferenceRequest
  readonly client: Client
  /** Of the reply, with our request id in them; filled in place. */
  readonly headers: ReplyHeaders & { readonly 'x-request-id': string }
  /** Gives back what the body holds; more than once does no harm. */
  readonly release: () => void
  /** What the reply's id is made of, where that was told before: 32 letters and digits. */
  readonly headingId?: string
  /** Does an object answer it, in this very request? */
  readonly isOwned: boolean
  /** The body as it came; null where something was put in, and it no longer says what is asked. */
  readonly text: string | null
}

/** What a request asks for that outlives it. */
export interface Lasting extends LastingHeaders {
  /** Where its end is told: checked, or the tenant's own (`edge/webhook.ts`). */
  readonly webhook: string | undefined
  /** Answer at once with where the answer will be. */
  readonly background: boolean
  /** Keep the response, to be had by its id. */
  readonly store: boolean
  readonly previousResponseId: string | undefined
  readonly conversation: string | undefined
  /** A template, as the body of Responses names it. */
  readonly template: unknown
}
