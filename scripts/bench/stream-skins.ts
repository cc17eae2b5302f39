/** How a stream is asked for in each skin, and how the load knows its events. No I/O. */
import { chatRequest, EVENT_MARK, modelOf, promptOf } from './body.ts'
import { PATH, type StreamSkin } from './types.ts'

/** One way to ask for the same stream. */
export interface AskedStream {
  readonly path: string
  /** A request with a prompt of so many bytes. */
  readonly body: (bytes: number) => string
  /** What an event with content carries and nothing else does. */
  readonly mark: string
  /** How the whole of it ends. */
  readonly end: RegExp
}

export const STREAM_SKINS: Readonly<Record<StreamSkin, AskedStream>> = {
  chat: { path: PATH, body: (bytes) => chatRequest(bytes, true), mark: EVENT_MARK, end: /data: \[DONE\]\n\n$/ },
  messages: {
    path: '/v1/messages',
    body: (bytes) =>
      JSON.stringify({
        model: modelOf(bytes),
        max_tokens: 1000,
        messages: [{ role: 'user', content: promptOf(bytes) }],
        stream: true,
      }),
    mark: '"text":"token ',
    end: /data: \{"type":"message_stop"\}\n\n$/,
  },
  responses: {
    path: '/v1/responses',
    body: (bytes) => JSON.stringify({ model: modelOf(bytes), input: promptOf(bytes), stream: true, store: false }),
    mark: '"delta":"token ',
    end: /"type":"response\.completed".*\n\n$/,
  },
}
