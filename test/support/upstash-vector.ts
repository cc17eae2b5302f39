/** Upstash Vector's REST protocol over an exact index in memory, written from its public reference and its own client. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bodyOf, isSame } from './upstash-http.ts'

/** A vector as it is stored. */
export interface StoredVector {
  readonly id: string
  readonly vector: readonly number[]
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
}

/** A running index: dense, with cosine similarity. */
export interface UpstashVector {
  readonly url: string
  readonly token: string
  /** Namespaces by name, with what is in them; tests may write to it. */
  readonly namespaces: Map<string, Map<string, StoredVector>>
  /** Every operation that reached it: `query`, `upsert`. */
  readonly operations: readonly string[]
  close(): Promise<void>
}

/** What an operation answers, or the status and words of its refusal. */
type Answer = { readonly result: unknown } | { readonly status: number; readonly error: string }
type Body = Readonly<Record<string, unknown>>

const BODY_BYTES_MAX = 4 * 1024 * 1024
const refused = (error: string, status = 400): Answer => ({ status, error })

/** Starts an index for vectors of so many dimensions, on a free port of its own. */
export async function startUpstashVector(dimensions: number, token = 'upstash-vector-token'): Promise<UpstashVector> {
  const namespaces = new Map<string, Map<string, StoredVector>>([['', new Map()]])
  const operations: string[] = []
  const server = createServer((request, response) => {
    answer(request, token, (operation, namespace, body) => {
      operations.push(operation)
      return perform({ dimensions, namespaces }, operation, namespace, body)
    })
      .catch(() => refused('Internal error', 500))
      .then((reply) => send(response, reply))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    namespaces,
    operations,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function answer(
  request: IncomingMessage,
  token: string,
  work: (operation: string, namespace: string, body: unknown) => Answer,
): Promise<Answer> {
  if (!['HEAD', 'GET', 'POST', 'PUT', 'DELETE'].includes(request.method ?? ''))
    return refused('Method Not Allowed', 405)
  const presented = request.headers.authorization?.replace(/^Bearer /i, '') ?? ''
  if (!isSame(presented, token)) return refused('Unauthorized: Invalid auth token', 401)
  const [operation = '', namespace = ''] = new URL(request.url ?? '/', 'http://front').pathname.slice(1).split('/')
  const text = (await bodyOf(request, BODY_BYTES_MAX)).toString()
  try {
    return work(operation, decodeURIComponent(namespace), text === '' ? {} : JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError) return refused(`Invalid request: ${error.message}`)
    throw error
  }
}

function send(response: ServerResponse, reply: Answer): void {
  const text = JSON.stringify(reply)
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
  response.writeHead('status' in reply ? reply.status : 200, headers).end(text)
}

interface Store {
  readonly dimensions: number
  readonly namespaces: Map<string, Map<string, StoredVector>>
}

function perform(store: Store, operation: string, namespace: string, body: unknown): Answer {
  const { namespaces } = store
  const vectors = namespaces.get(namespace)
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Body
  switch (operation) {
    case 'upsert':
      return upsert(store, namespace, (Array.isArray(body) ? body : [body]) as StoredVector[])
    case 'query':
      return query(store, vectors, fields)
    case 'fetch':
      return { result: (fields.ids as string[]).map((id) => shown(vectors?.get(id), fields)) }
    case 'delete': {
      const doomed = chosen(vectors, fields)
      for (const id of doomed) vectors?.delete(id)
      return { result: { deleted: doomed.length } }
    }
    case 'range': {
      const from = Number(fields.cursor)
      const limit = Number(fields.limit)
      const page = [...(vectors?.values() ?? [])].slice(from, from + limit)
      const nextCursor = from + limit < (vectors?.size ?? 0) ? String(from + limit) : ''
      return { result: { nextCursor, vectors: page.map((one) => shown(one, fields)) } }
    }
    case 'reset':
      vectors?.clear()
      return { result: 'Success' }
    case 'info':
      return { result: info(store) }
    case 'list-namespaces':
      return { result: [...namespaces.keys()] }
    case 'delete-namespace':
      if (namespace === '' || !namespaces.delete(namespace))
        return refused(`Namespace ${namespace} does not exist`, 404)
      return { result: 'Success' }
    default:
      return refused('Not Found', 404)
  }
}

function upsert({ dimensions, namespaces }: Store, namespace: string, given: readonly StoredVector[]): Answer {
  const bad = given.find(({ vector }) => vector?.length !== dimensions)
  if (bad !== undefined)
    return refused(`Invalid vector dimension: ${bad.vector?.length ?? 0}, expected: ${dimensions}`, 422)
  const vectors = namespaces.get(namespace) ?? new Map<string, StoredVector>()
  namespaces.set(namespace, vectors)
  for (const { id, vector, metadata } of given) vectors.set(String(id), { id: String(id), vector, metadata })
  return { result: 'Success' }
}

function query({ dimensions }: Store, vectors: Map<string, StoredVector> | undefined, fields: Body): Answer {
  const asked = fields.vector as number[]
  if (asked?.length !== dimensions)
    return refused(`Invalid vector dimension: ${asked?.length ?? 0}, expected: ${dimensions}`, 422)
  const fits = filterOf(fields.filter as string | undefined)
  const found = [...(vectors?.values() ?? [])]
    .filter(({ metadata }) => fits(metadata))
    .map((one) => ({ ...shown(one, fields), score: (1 + cosine(asked, one.vector)) / 2 }))
    .sort((a, b) => b.score - a.score)
  return { result: found.slice(0, Number(fields.topK ?? 10)) }
}

/** Ids to delete: named, by their beginning, or by a filter. */
function chosen(vectors: Map<string, StoredVector> | undefined, { ids, prefix, filter }: Body): string[] {
  const known = [...(vectors?.values() ?? [])]
  if (Array.isArray(ids)) return known.filter(({ id }) => ids.map(String).includes(id)).map(({ id }) => id)
  if (typeof prefix === 'string') return known.filter(({ id }) => id.startsWith(prefix)).map(({ id }) => id)
  if (typeof filter !== 'string') throw new SyntaxError('nothing to delete is named')
  const fits = filterOf(filter)
  return known.filter(({ metadata }) => fits(metadata)).map(({ id }) => id)
}

function shown(one: StoredVector | undefined, { includeMetadata, includeVectors }: Body) {
  if (one === undefined) return null
  const { id, vector, metadata } = one
  return {
    id,
    ...(includeVectors === true ? { vector } : {}),
    ...(includeMetadata === true && metadata !== undefined ? { metadata } : {}),
  }
}

function info({ dimensions, namespaces }: Store) {
  const counts = [...namespaces].map(([name, vectors]) => [name, { vectorCount: vectors.size, pendingVectorCount: 0 }])
  const vectorCount = [...namespaces.values()].reduce((sum, vectors) => sum + vectors.size, 0)
  return {
    vectorCount,
    pendingVectorCount: 0,
    indexSize: vectorCount * dimensions * 4,
    dimension: dimensions,
    similarityFunction: 'COSINE',
    namespaces: Object.fromEntries(counts),
  }
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const product = a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0)
  return product / (Math.hypot(...a) * Math.hypot(...b))
}

const COMPARISON = /^\s*(\w+)\s*(<=|>=|!=|=|<|>)\s*('[^']*'|"[^"]*"|-?\d+(?:\.\d+)?)\s*$/

/** The part of the filter language that is used here: comparisons of numbers and texts, joined by AND. */
function filterOf(filter: string | undefined): (metadata: StoredVector['metadata']) => boolean {
  const tests = (filter === undefined || filter === '' ? [] : filter.split(/\s+AND\s+/i)).map((part) => {
    const [, key = '', operator = '', literal = ''] = COMPARISON.exec(part) ?? []
    if (key === '') throw new SyntaxError(`the filter is not understood: ${part}`)
    const value = /^['"]/.test(literal) ? literal.slice(1, -1) : Number(literal)
    return (metadata: StoredVector['metadata']) => compare(metadata?.[key], operator, value)
  })
  return (metadata) => tests.every((test) => test(metadata))
}

/** A vector without the key, or with a value of another type, does not fit. */
function compare(held: unknown, operator: string, value: string | number): boolean {
  if (typeof held !== typeof value) return false
  const known = held as typeof value
  switch (operator) {
    case '=':
      return known === value
    case '!=':
      return known !== value
    case '<':
      return known < value
    case '<=':
      return known <= value
    case '>':
      return known > value
    default:
      return known >= value
  }
}
