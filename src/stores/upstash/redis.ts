/** A client of Upstash Redis whose every call is ours: never redirected, with a deadline, and with errors that tell nothing. */
import { Redis, type Requester, type UpstashResponse } from '@upstash/redis'
import { REDIS_CALL_MS, REDIS_REPLY_BYTES_MAX } from '../../core/limits.ts'
import type { RestStore } from '../../core/settings.ts'
import { callRest, type RestTools } from './rest-call.ts'

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
export function createRedis({ url, token }: RestStore, tools: RestTools): Redis {
  const base = url.replace(/\/$/, '')
  const requester: Requester = {
    // No base64 is asked for: what we store is ASCII, and JSON carries that as it is.
    async request<TResult>({ path = [], body }: { path?: string[]; body?: unknown }) {
      const bounds = { deadlineMs: REDIS_CALL_MS, replyBytesMax: REDIS_REPLY_BYTES_MAX }
      const reply = await callRest(tools, { url: [base, ...path].join('/'), token, body, ...bounds })
      if (reply === 'late') throw new RedisError('Redis did not answer in time')
      if (reply === 'unreachable') throw new RedisError('Redis could not be reached')
      if (reply.status !== 200 || typeof reply.body !== 'object' || reply.body === null)
        throw new RedisError(`Redis answered ${reply.status}${codeIn(reply.body)}`)
      // Whoever made the command knows what comes back; the package believes it, too.
      return withoutTexts(reply.body) as UpstashResponse<TResult>
    },
  }
  return new Redis(requester)
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
