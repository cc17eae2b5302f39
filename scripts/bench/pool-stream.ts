/** One streamed chat, read to its end: when its first content came, what it said, and what it used. */
import { type Agent, request } from 'node:http'
import { PATH } from './types.ts'

export interface StreamAsk {
  readonly port: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Times since it was sent. */
export interface StreamRead {
  /** 0 where the connection broke. */
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** NaN: there was none. */
  readonly firstMs: number
  readonly endMs: number
  /** Ended as a stream does, without an error. */
  readonly isWhole: boolean
  readonly text: string
  readonly promptTokens: number
  readonly cachedTokens: number
  /** Of a refusal, or of the error that a stream ended with: what a late refusal is told in. */
  readonly code: string | null
  readonly errorStatus: number | null
  readonly retryAfterMs: number | null
}

const CONTENT = /"content":"[^"]/
/** A mark that the network has cut in two is looked for over the cut. */
const MARK_CHARS = 12

/** Never rejects. */
export function readChat(agent: Agent, { port, headers, body }: StreamAsk): Promise<StreamRead> {
  return new Promise((resolve) => {
    const begun = performance.now()
    let [status, firstMs, tail] = [0, Number.NaN, '']
    let answered: StreamRead['headers'] = {}
    const chunks: string[] = []
    const end = (): void => {
      const text = chunks.join('')
      const endMs = performance.now() - begun
      resolve({ status, headers: answered, firstMs, endMs, ...readingOf(status, text) })
    }
    const call = request({ agent, port, host: '127.0.0.1', method: 'POST', path: PATH, headers }, (reply) => {
      status = reply.statusCode ?? 0
      answered = reply.headers
      reply.setEncoding('utf8')
      reply.on('data', (chunk: string) => {
        chunks.push(chunk)
        if (!Number.isNaN(firstMs)) return
        if (CONTENT.test(tail + chunk)) firstMs = performance.now() - begun
        tail = chunk.slice(-MARK_CHARS)
      })
      reply.on('close', end)
    })
    call.on('error', end)
    call.end(body)
  })
}

type Reading = Omit<StreamRead, 'status' | 'headers' | 'firstMs' | 'endMs'>

/** What a body says. */
export function readingOf(status: number, body: string): Reading {
  const none = { code: null, errorStatus: null, retryAfterMs: null }
  const reading = { isWhole: false, text: '', promptTokens: 0, cachedTokens: 0, ...none }
  if (status !== 200) return { ...reading, code: /"code":"([a-z_]+)"/.exec(body)?.[1] ?? null }
  const events = body
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event): unknown => JSON.parse(event.slice('data: '.length)))
  const usage = events.map((event) => at(event, 'usage')).find((one) => typeof one === 'object' && one !== null)
  const error = events.map((event) => at(event, 'error')).find((one) => one !== undefined)
  return {
    ...reading,
    ...(error === undefined ? {} : errorOf(error)),
    isWhole: body.endsWith('data: [DONE]\n\n'),
    text: events.map((event) => at(event, 'choices', '0', 'delta', 'content') ?? '').join(''),
    promptTokens: Number(at(usage, 'prompt_tokens') ?? 0),
    cachedTokens: Number(at(usage, 'prompt_tokens_details', 'cached_tokens') ?? 0),
  }
}

function errorOf(error: unknown): Pick<Reading, 'code' | 'errorStatus' | 'retryAfterMs'> {
  const retryAfterMs = at(error, 'retry_after_ms')
  return {
    code: String(at(error, 'code')),
    errorStatus: Number(at(error, 'status')),
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : null,
  }
}

const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, step) => (inner === undefined ? undefined : Reflect.get(Object(inner), step)), value)
