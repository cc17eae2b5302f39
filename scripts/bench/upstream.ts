/** The benchmark's upstream, in a process of its own: answers as fast as Node can, streams on a fixed schedule. */
import { createServer, type Server, type ServerResponse } from 'node:http'
import { chatReply, readRequest, sentMsOf, streamEnd, streamEvent } from './body.ts'
import { answerTo } from './recall-body.ts'
import { type Arrival, EVENT_GAP_MS, EVENTS } from './types.ts'

/** The server, not yet listening. `arrived` is given each request that has come whole. */
export function createUpstream(
  events = EVENTS,
  gapMs = EVENT_GAP_MS,
  arrived: (request: string) => void = () => {},
): Server {
  const replies = new Map<number, Buffer>()
  const contents = Array.from({ length: events }, (_, index) => Buffer.from(streamEvent(index)))
  const server = createServer((request, response) => {
    const chunks: string[] = []
    request.setEncoding('latin1')
    request.on('data', (chunk: string) => chunks.push(chunk))
    request.on('end', () => {
      const text = chunks.join('')
      arrived(text)
      const { bytes, stream, usage } = readRequest(text)
      if (stream) return sendStream(response, contents, gapMs, streamEnd(events, usage))
      // A model that is none of the sizes' is the recall lane's.
      const isSized = bytes > 0
      const reply = replies.get(bytes) ?? Buffer.from(isSized ? chatReply(bytes) : answerTo(request.url ?? '', text))
      if (isSized) replies.set(bytes, reply)
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': reply.length })
      response.end(reply)
    })
  })
  // Contenders keep idle connections between rounds; closing them there would show as failures of theirs.
  server.keepAliveTimeout = 0
  return server
}

/** Each event at its own time since the request, so that a late timer delays one event and not all that follow. */
function sendStream(response: ServerResponse, contents: readonly Buffer[], gapMs: number, end: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const begun = performance.now()
  let sent = 0
  let timer: NodeJS.Timeout | undefined
  const send = (): void => {
    response.write(contents[sent])
    sent += 1
    const next = begun + sent * gapMs - performance.now()
    timer = setTimeout(sent < contents.length ? send : () => response.end(end), Math.max(0, next))
  }
  response.on('close', () => clearTimeout(timer))
  send()
}

if (import.meta.main) {
  // Told 'begin' it notes when requests were sent and arrived; told anything else it says when, and notes no more.
  let noted: Arrival[] | undefined
  const note = (text: string) => void noted?.push({ sentMs: sentMsOf(text), atMs: Date.now() + 1 })
  const server = createUpstream(EVENTS, EVENT_GAP_MS, note)
  server.listen(Number(process.argv[2]), '127.0.0.1', () => process.send?.('ready'))
  process.on('message', (word) => {
    process.send?.(noted ?? [])
    noted = word === 'begin' ? [] : undefined
  })
  process.on('disconnect', () => process.exit())
}
