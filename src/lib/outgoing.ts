/** The one place that makes outgoing calls. Redirects are never followed: a 307 would re-send prompt and key. */

/** A call to an upstream. Headers are the caller's full list; nothing is added but what the runtime must. */
export interface OutgoingRequest {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | undefined
  /** Deadline and cancel in one: aborted by whoever owns the attempt. */
  readonly signal: AbortSignal
}

/** Something with a `fetch`: a VPC or service binding. */
export interface Fetcher {
  fetch(url: string, init: RequestInit): Promise<Response>
}

/** Sends one request and resolves with whatever status came back, 3xx included. */
export type Outgoing = (request: OutgoingRequest) => Promise<Response>

/** Outgoing calls over the network, or through a binding where one is given. */
export function outgoingThrough(binding?: Fetcher): Outgoing {
  return ({ url, method, headers, body, signal }) => {
    const init: RequestInit = { method, headers, redirect: 'manual', signal, ...(body === undefined ? {} : { body }) }
    // Called as a method: an unbound `fetch` is an "Illegal invocation" in Workers.
    return binding === undefined ? globalThis.fetch(url, init) : binding.fetch(url, init)
  }
}

/** The way through an object of ours, whose stub is made anew for each call: one belongs to the request that made it. */
export function wayThrough(object: () => Fetcher): Fetcher {
  return { fetch: (url, init) => object().fetch(url, init) }
}

/** Asks an object of ours for a WebSocket: 101 with it, or why not. An RPC cannot hand one over. */
export function upgradeThrough(object: Fetcher, url: string, headers: Headers = {}): Promise<Response> {
  return askThrough(object, url, { ...headers, upgrade: 'websocket' })
}

/** Asks an object of ours the same without a WebSocket. */
export function askThrough(object: Fetcher, url: string, headers: Headers): Promise<Response> {
  return object.fetch(url, { headers })
}

type Headers = Readonly<Record<string, string>>
