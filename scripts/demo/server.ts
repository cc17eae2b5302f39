/** The demo origin over HTTP: routes, bodies, faults, and the control endpoints that set them and the speed. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { z } from 'zod'
import { chat } from './chat.ts'
import { complete } from './completions.ts'
import { embed } from './embeddings.ts'
import { AbortedError, QueueFullError, speedSchema } from './engine.ts'
import { createFaults, type Fault, type Faults, faultSchema, isInstead, readFault } from './faults.ts'
import { metricsPage } from './metrics.ts'
import { CHAT_MODEL, EMBEDDING_MODEL, type Replica } from './replica.ts'
import { createReply, FaultDone, failInstead, Refusal, type Reply } from './replies.ts'
import { chatSchema, completionSchema, embeddingSchema } from './requests.ts'

const BODY_BYTES_MAX = 32 * 1024 * 1024

interface Endpoint {
  /** Reads the body and answers it; a body that does not fit is refused in vLLM's words. */
  readonly answer: (replica: Replica, body: unknown, reply: Reply) => Promise<void>
}

const endpoint = <S extends z.ZodType>(
  schema: S,
  answer: (replica: Replica, request: z.output<S>, reply: Reply) => Promise<void>,
): Endpoint => ({
  answer: (replica, body, reply) => {
    const read = schema.safeParse(body)
    if (read.success) return answer(replica, read.data, reply)
    const [issue] = read.error.issues
    const path = issue?.path.join('.') ?? ''
    throw new Refusal(400, 'BadRequestError', `${path}: ${issue?.message ?? 'is wrong'}`, path === '' ? null : path)
  },
})

const endpoints: Readonly<Record<string, Endpoint>> = {
  '/v1/chat/completions': endpoint(chatSchema, chat),
  '/v1/completions': endpoint(completionSchema, complete),
  '/v1/embeddings': endpoint(embeddingSchema, embed),
}

/** A server for the replica; the caller lets it listen. `lasting` befalls every request that has no other fault. */
export function createOrigin(replica: Replica, lasting?: Fault): Server {
  const faults = createFaults()
  return createServer((request, response) => {
    serve(replica, faults, lasting, request, response).catch((error: unknown) => {
      replica.log(`failed: ${error instanceof Error ? error.message : String(error)}`)
      response.destroy()
    })
  })
}

async function serve(
  replica: Replica,
  faults: Faults,
  lasting: Fault | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://origin').pathname
  if (path === '/demo/fault') return control(faults, request, response)
  if (path === '/demo/speed') return controlSpeed(replica, request, response)
  if (path === '/metrics') {
    const page = metricsPage(CHAT_MODEL, replica.engine.counters, replica.engine.cacheUsage())
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(page)
    return
  }
  const body = await readBody(request)
  const own = typeof body === 'object' && body !== null && 'demo_fault' in body ? String(body.demo_fault) : undefined
  const fault = (own === undefined ? undefined : readFault(own)) ?? faults.take(path) ?? lasting
  if (fault !== undefined && isInstead(fault)) return failInstead(fault, response)
  if (path === '/health') return void response.writeHead(200).end()
  if (path === '/v1/models') return createReply(response, fault).json(modelList(replica))

  const reply = createReply(response, fault)
  try {
    const found = endpoints[path]
    if (found === undefined) throw new Refusal(404, 'NotFoundError', 'Not Found')
    if (request.method !== 'POST') throw new Refusal(405, 'BadRequestError', 'Method Not Allowed')
    if (body === undefined) throw new Refusal(400, 'BadRequestError', 'the body is not JSON')
    await found.answer(replica, body, reply)
  } catch (error) {
    if (error instanceof Refusal) return reply.refuse(error)
    if (error instanceof QueueFullError) return reply.refuse(new Refusal(503, 'ServiceUnavailableError', error.message))
    if (error instanceof FaultDone) return replica.log(`fault: ${fault?.kind}`)
    if (!(error instanceof AbortedError)) throw error
    // A stall that the client ends is the fault's doing and the client's leaving, in that order.
    replica.log(fault === undefined ? error.message : `${error.message}, fault ${fault.kind}`)
  }
}

/** POST sets a fault, DELETE takes all away, GET lists them. */
async function control(faults: Faults, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'DELETE') faults.clear()
  if (request.method === 'POST') {
    const read = faultSchema.safeParse(await readBody(request))
    if (!read.success) return void response.writeHead(400).end(z.prettifyError(read.error))
    faults.add(read.data)
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(faults.due()))
}

/** POST changes the speeds that it names, GET tells all. */
async function controlSpeed({ engine }: Replica, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'POST') {
    const read = speedSchema.safeParse(await readBody(request))
    if (!read.success) return void response.writeHead(400).end(z.prettifyError(read.error))
    engine.setSpeed(read.data)
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(engine.speed()))
}

function modelList(replica: Replica): object {
  const created = replica.seconds()
  const model = (id: string, contextTokens: number) => ({
    id,
    object: 'model',
    created,
    owned_by: 'vllm',
    root: id,
    parent: null,
    max_model_len: contextTokens,
  })
  return { object: 'list', data: [model(CHAT_MODEL, replica.contextTokens), model(EMBEDDING_MODEL, 256)] }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > BODY_BYTES_MAX) throw new Error('the body is too large')
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return undefined
  }
}
