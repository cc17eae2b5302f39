/** A client of Upstash Vector whose every call is ours: never redirected, with a deadline, and with errors that tell nothing. */
import { Index, type Requester, type UpstashRequest, type UpstashResponse } from '@upstash/vector'
import { VECTOR_REPLY_BYTES_MAX } from '../../core/recall/limits.ts'
import type { RestStore } from '../../core/settings.ts'
import { callRest, type RestTools } from './rest-call.ts'

/** Why Upstash Vector has no answer: never in its own words, they may repeat vectors, metadata or the token. */
export class VectorError extends Error {
  override readonly name = 'VectorError'
}

/** The official client, for calls that each take so long at most. */
export type VectorClient = (deadlineMs: number) => Index

/**
 * The official client over a requester of our own. The package's would follow redirects, retry five times, put the
 * server's words into its errors, and take an abort for an answer.
 */
export function createVector({ url, token }: RestStore, tools: RestTools): VectorClient {
  const base = url.replace(/\/$/, '')
  return (deadlineMs) => {
    const requester: Requester = {
      async request<TResult>({ path = [], body }: UpstashRequest) {
        const call = { url: [base, ...path].join('/'), token, body, deadlineMs }
        const reply = await callRest(tools, { ...call, replyBytesMax: VECTOR_REPLY_BYTES_MAX })
        if (reply === 'late') throw new VectorError('Upstash Vector did not answer in time')
        if (reply === 'unreachable') throw new VectorError('Upstash Vector could not be reached')
        const { status, body: answer } = reply
        if (status !== 200 || typeof answer !== 'object' || answer === null || !('result' in answer))
          throw new VectorError(`Upstash Vector answered ${status}`)
        // Whoever asked knows what comes back; the package believes it, too.
        return { result: answer.result } as UpstashResponse<TResult>
      },
    }
    return new Index(requester)
  }
}
