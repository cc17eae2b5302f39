/** A stream of AI SDK parts → bytes of server-sent events, pulled as the reader reads. */
import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { ChunkWriter } from './chunks.ts'
import { transportError } from './errors.ts'
import type { Heading } from './reply.ts'

const ENCODER = new TextEncoder()
const DONE = 'data: [DONE]\n\n'

export interface EventStream {
  /** The first part: `stream-start`, where it came; it is not in `parts` again unless it was something else. */
  readonly parts: ReadableStreamDefaultReader<LanguageModelV4StreamPart>
  readonly first: LanguageModelV4StreamPart | undefined
  readonly heading: Heading
  /** The error object to tell of a failure in mid-stream. */
  readonly describe: (error: unknown) => object
  /** Gives the upstream call up, wherever it stands. */
  readonly abandon: () => void
}

/**
 * The canonical body. It ends with `[DONE]` only after a finish part; after an error event, or when the parts just
 * stop, without. Nothing is read ahead; a reader that leaves ends the upstream call.
 */
export function eventStream(source: EventStream): ReadableStream<Uint8Array> {
  const { parts, describe, abandon } = source
  const writer = new ChunkWriter(source.heading)
  let pending = source.first

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          for (;;) {
            const part = pending ?? (await parts.read()).value
            pending = undefined
            const text = part === undefined ? '' : eventsOf(part)
            if (text !== '') controller.enqueue(ENCODER.encode(text))
            if (part === undefined || part.type === 'error' || writer.standing !== 'open') {
              controller.close()
              if (writer.standing === 'finished') seeOff()
              else leave()
              return
            }
            if (text !== '') return
          }
        } catch (error) {
          controller.error(transportError(error))
          leave()
        }
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  )

  function eventsOf(part: LanguageModelV4StreamPart): string {
    if (part.type === 'error') return event({ error: describe(part.error) })
    const text = writer.write(part).map(event).join('')
    return writer.standing === 'finished' ? text + DONE : text
  }

  /** After the finish only the end of the response is left; read, it leaves the connection fit for another call. */
  function seeOff(): void {
    parts.read().then(({ done }) => (done ? undefined : leave()), ignore)
  }

  /** Cancel travels down to the response where the runtime carries it; `abandon` makes sure. */
  function leave(): void {
    parts.cancel().catch(ignore)
    abandon()
  }
}

const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`

/** A source that is being given up may well fail at it. */
function ignore(): void {}
