/** A client of Upstash Redis whose every call is ours: never redirected, with a deadline, and with errors that tell nothing. */
import { Redis, type Requester, type UpstashResponse } from '@upstash/redis'
import { REDIS_CALL_MS, REDIS_REPLY_BYTES_MAX } from '../../core/limits.ts'
import type { RestStore } from '../../core/settings.ts'
import type { Clock } from '../../lib/clock.ts'
import { type Outgoing, outgoingThrough } from '../../lib/outgoing.ts'
import { USER_AGENT } from '../../lib/version.ts'

/**
 * Why Redis has no answer. Of what Redis or the runtime said, only the code that Redis begins its errors with is kept:
 * the rest may repeat commands, and with them keys, values or the token.
 */
export class RedisError extends Error {
  override readonly name = 'RedisError'
}

/**
 * The official client over a requester of our own. The package's would follow redirects, retry five times, put the whole
 * command into its errors, and take an abort for an answer.
 */
export function createRedis(
  { url, token }: RestStore,
  { clock, outgoing = outgoingThrough() }: { clock: Clock; outgoing?: Outgoing },
): Redis {
  // No base64 is asked for: what we store is ASCII, and JSON carries that as it is.
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': USER_AGENT,
  }
  const base = url.replace(/\/$/, '')
  const requester: Requester = {
    async request<TResult>({ path = [], body }: { path?: string[]; body?: unknown }) {
      const text = JSON.stringify(body)
      const reply = await ask(clock, outgoing, { url: [base, ...path].join('/'), headers, body: text })
      // Whoever made the command knows what comes back; the package believes it, too.
      return withoutTexts(reply) as UpstashResponse<TResult>
    },
  }
  return new Redis(requester)
}

async function ask(
  clock: Clock,
  outgoing: Outgoing,
  call: { url: string; headers: Record<string, string>; body: string },
): Promise<unknown> {
  const cut = new AbortController()
  const cancel = clock.after(REDIS_CALL_MS, () => cut.abort())
  let status: number
  let text: string | null
  try {
    const reply = await outgoing({ ...call, method: 'POST', signal: cut.signal })
    status = reply.status
    text = await textOf(reply)
  } catch {
    throw new RedisError(cut.signal.aborted ? 'Redis did not answer in time' : 'Redis could not be reached')
  } finally {
    cancel()
  }
  const parsed = parse(text)
  if (status === 200 && typeof parsed === 'object' && parsed !== null) return parsed
  throw new RedisError(`Redis answered ${status}${codeIn(parsed)}`)
}

/** The body's text; null when it is longer than any reply of ours, and then it is read no further. */
async function textOf(reply: Response): Promise<string | null> {
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ''
  for await (const chunk of reply.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > REDIS_REPLY_BYTES_MAX) return null
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

/** A reply, or those of a pipeline, with what is wrong cut down to its code. */
function withoutTexts(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(withoutTexts)
  const code = codeIn(reply)
  return code === '' ? reply : { error: `Redis answered${code}` }
}

/** ` NOSCRIPT` of `{"error":"NOSCRIPT No matching script"}`; callers of the client look for it. */
function codeIn(reply: unknown): string {
  if (typeof reply !== 'object' || reply === null || !('error' in reply)) return ''
  return typeof reply.error === 'string' ? ` ${/^[A-Z]+(?= |$)/.exec(reply.error)?.[0] ?? 'an error'}` : ''
}
