/** How the demo origin writes: JSON, vLLM's error bodies, events; and every fault that a writer can have. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Fault } from './faults.ts'

/** A refusal with vLLM's body. */
export class Refusal extends Error {
  readonly status: number
  readonly type: string
  readonly param: string | null
  constructor(status: number, type: string, message: string, param: string | null = null) {
    super(message)
    this.status = status
    this.type = type
    this.param = param
  }
}

/** The reply has ended as its fault wanted; nothing more is to be written. */
export class FaultDone extends Error {}

/** Tokens of content before a fault inside a reply. */
const TOKENS_BEFORE_FAULT = 2
const BIG_EVENT_BYTES = 1024 * 1024

const errorTypes: Readonly<Record<number, string>> = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  404: 'NotFoundError',
  429: 'RateLimitError',
}

/** vLLM's error body; its `code` is the status. */
export function errorBody(refusal: Refusal): object {
  return { error: { message: refusal.message, type: refusal.type, param: refusal.param, code: refusal.status } }
}

/** One reply being written. */
export interface Reply {
  /** Aborts when the client has gone before the end. */
  readonly signal: AbortSignal
  readonly json: (value: unknown) => Promise<void>
  readonly refuse: (refusal: Refusal) => Promise<void>
  /** One event of a stream; the first sends the head. `tokens`: how many tokens of content it carries. */
  readonly event: (value: unknown, tokens: number) => Promise<void>
  /** Ends a stream with `[DONE]`. */
  readonly done: () => Promise<void>
}

/** A reply on the response, with the fault that is to befall it. */
export function createReply(response: ServerResponse, fault: Fault | undefined): Reply {
  const gone = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) gone.abort(new Error('the client has gone'))
  })
  let tokensOut = 0
  const never = async (): Promise<never> => {
    if (!gone.signal.aborted) await once(gone.signal, 'abort')
    throw new FaultDone('stalled')
  }
  const write = async (text: string): Promise<void> => {
    gone.signal.throwIfAborted()
    if (!response.write(text)) await Promise.race([once(response, 'drain'), once(response, 'close')])
  }
  const head = (): void => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  }
  const cut = async (): Promise<never> => {
    // What was written before must be on the wire before the connection goes.
    response.flushHeaders()
    await new Promise((resolve) => response.socket?.write('', resolve))
    response.destroy()
    throw new FaultDone('cut')
  }
  const failInside = async (kind: string, event: string): Promise<void> => {
    const failure = `data: ${JSON.stringify(errorBody(new Refusal(500, 'InternalServerError', 'demo fault')))}\n\n`
    switch (kind) {
      case 'stall':
      case 'stall-first':
        return never()
      case 'cut':
      case 'cut-first':
        return cut()
      case 'cut-event':
        response.write(event.slice(0, event.length / 2))
        return cut()
      case 'error-event':
      case 'error-first':
        await write(failure)
        response.end()
        throw new FaultDone(kind)
      case 'end':
        response.end()
        throw new FaultDone(kind)
      case 'malformed':
        return write('data: {"choices": [{"delta"\n\n')
      case 'big-event':
        return write(`data: {"choices":[],"padding":"${'x'.repeat(BIG_EVENT_BYTES)}"}\n\n`)
    }
  }
  return {
    signal: gone.signal,
    json: async (value) => {
      const body = JSON.stringify(value)
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      if (fault !== undefined) await failWhole(fault.kind, body, response, never, cut)
      response.end(body)
    },
    refuse: async (refusal) => {
      if (response.headersSent) return void response.destroy()
      response.writeHead(refusal.status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(errorBody(refusal)))
    },
    event: async (value, tokens) => {
      head()
      const event = `data: ${JSON.stringify(value)}\n\n`
      const first = fault?.kind.endsWith('-first') === true
      const due = tokens > 0 && (first ? tokensOut === 0 : tokensOut === TOKENS_BEFORE_FAULT)
      if (fault !== undefined && due) await failInside(fault.kind, event)
      tokensOut += tokens
      await write(event)
    },
    done: async () => {
      await write('data: [DONE]\n\n')
      response.end()
    },
  }
}

async function failWhole(
  kind: string,
  body: string,
  response: ServerResponse,
  never: () => Promise<never>,
  cut: () => Promise<never>,
): Promise<void> {
  response.flushHeaders()
  if (!kind.endsWith('-first')) response.write(body.slice(0, body.length / 2))
  await (kind.startsWith('stall') ? never() : cut())
}

/** Answers with a fault in place of a reply. */
export async function failInstead(fault: Fault, response: ServerResponse): Promise<void> {
  switch (fault.kind) {
    case 'refuse':
      response.socket?.resetAndDestroy()
      return
    case 'stall-headers':
      await once(response, 'close')
      return
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Bad gateway</body></html>')
      return
    case 'error-200':
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(errorBody(new Refusal(500, 'InternalServerError', 'demo fault'))))
      return
    case 'redirect':
      response.writeHead(fault.redirectStatus, { location: fault.location ?? 'http://127.0.0.1:9/' }).end()
      return
    default: {
      const status = Number(fault.kind)
      const retryAfter = fault.retryAfterSeconds
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      })
      response.end(
        JSON.stringify(errorBody(new Refusal(status, errorTypes[status] ?? 'InternalServerError', 'demo fault'))),
      )
    }
  }
}
