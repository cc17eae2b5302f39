/** A reply that is passed on: the upstream's bytes, whatever they are, as they come. */
import type { Answer } from '../gateway.ts'
import type { Services } from '../services.ts'
import type { ReplyHeaders } from './headers.ts'
import { openaiErrors } from './skin-errors.ts'
import { BROKEN } from './stream-reply.ts'

type Streamed = Extract<Answer, { kind: 'stream' }>

const UTF8 = new TextEncoder()
/** What an error event of OpenAI's does not say. */
const NO_HEADING = { id: '', model: '', createdS: 0 }
const NOTHING_SENT = { first: '', last: '' }

/** The reply; `headers` are ours, and get what the upstream says of its body. */
export function relayReply(
  { background }: Pick<Services, 'background'>,
  { live, upstream: { content } }: Streamed,
  headers: ReplyHeaders,
): Response {
  const type = content?.type ?? 'application/octet-stream'
  headers['content-type'] = type
  if (content?.disposition != null) headers['content-disposition'] = content.disposition
  const bytes = content?.bytes ?? null
  const { readable, writable } = bytes === null ? new IdentityTransformStream() : new FixedLengthStream(bytes)
  const isEvents = bytes === null && /^text\/event-stream/i.test(type)
  background(pump(live, writable.getWriter(), isEvents))
  return new Response(readable, { headers })
}

/** Never rejects. A client that cannot be written to has left; what breaks is told where there is a way to, else cut. */
async function pump(
  live: Streamed['live'],
  writer: WritableStreamDefaultWriter<Uint8Array>,
  isEvents: boolean,
): Promise<void> {
  try {
    for (;;) {
      const piece = await live.next()
      if (piece instanceof Uint8Array) {
        await writer.write(piece)
        continue
      }
      if (piece.kind === 'finished') return await writer.close()
      if (piece.code === null || !isEvents) return await writer.abort()
      await writer.write(
        UTF8.encode(`\n\n${openaiErrors.frame(BROKEN[piece.code], null, NO_HEADING, {}, NOTHING_SENT)}`),
      )
      return await writer.close()
    }
  } catch {
    live.cancel()
    writer.abort().catch(() => {})
  }
}
