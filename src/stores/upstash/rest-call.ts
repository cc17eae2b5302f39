/** One call to a store over REST: never redirected, once, with a deadline, and its reply read up to a bound. */
import type { Clock } from '../../lib/clock.ts'
import { type Outgoing, outgoingThrough } from '../../lib/outgoing.ts'
import { USER_AGENT } from '../../lib/version.ts'

/** What a call is made with. */
export interface RestTools {
  readonly clock: Clock
  readonly outgoing?: Outgoing
}

/** A call and how long it may take, and how long its reply may be. */
export interface RestCall {
  readonly url: string
  readonly token: string
  readonly body: unknown
  readonly deadlineMs: number
  readonly replyBytesMax: number
}

/** `body` is null for what is no JSON, or too long. */
export type RestReply = { readonly status: number; readonly body: unknown } | 'late' | 'unreachable'

/** Never rejects: what the runtime says of a failure may repeat the URL or the token. */
export async function callRest(
  { clock, outgoing = outgoingThrough() }: RestTools,
  { url, token, body, deadlineMs, replyBytesMax }: RestCall,
): Promise<RestReply> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': USER_AGENT,
  }
  const cut = new AbortController()
  const cancel = clock.after(deadlineMs, () => cut.abort())
  try {
    const reply = await outgoing({ url, method: 'POST', headers, body: JSON.stringify(body), signal: cut.signal })
    return { status: reply.status, body: parse(await textOf(reply, replyBytesMax)) }
  } catch {
    return cut.signal.aborted ? 'late' : 'unreachable'
  } finally {
    cancel()
  }
}

/** The body's text; null when it is longer than any reply of ours, and then it is read no further. */
async function textOf(reply: Response, bytesMax: number): Promise<string | null> {
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ''
  for await (const chunk of reply.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) return null
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function parse(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text)
  } catch {
    return null
  }
}
