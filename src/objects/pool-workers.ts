/** The pull workers of one pool: their sockets, which the runtime keeps while the object sleeps, and what runs on them. */

/*
 * A worker is known by its socket's attachment, so an object that wakes knows its workers. What ran on them it does not:
 * its memory has an epoch, and a worker whose attachment names another one is told to give up what it began under that.
 * While requests run nothing sleeps: the timer that looks after silent workers keeps the object awake.
 */
import { FrameFault, type WorkerHello } from '../core/pool/frame-values.ts'
import { encodeFrame, nextStream, type PoolFrame, readWorkerFrame } from '../core/pool/frames.ts'
import type { PoolReplica } from '../core/pool/types.ts'
import {
  CLOSE_FAULT,
  CLOSE_NO_HELLO,
  CLOSE_REPLACED,
  CLOSE_REVOKED,
  CLOSE_SILENT,
  POOL_HELD_BYTES_MAX,
  STREAMS_PER_WORKER_MAX,
  WORKER_HELLO_MS,
  WORKER_PING_MS,
  WORKER_PINGS_MAX,
  WORKER_PROTOCOL,
  WORKERS_PER_POOL_MAX,
} from '../core/pool/worker-limits.ts'
import type { ConnectedWorker, NamedWorker } from '../core/pool/worker-tokens.ts'
import { fullReply, lostReply, PoolStream } from './pool-stream.ts'

/** What a socket's attachment says: all that is known of a worker when the object wakes. */
interface Attachment extends NamedWorker {
  readonly connectedAtMs: number
  readonly epoch: string
  readonly hello: WorkerHello | null
  readonly draining: boolean
}

/** A socket, as this object's memory has it. */
interface Peer {
  readonly socket: WebSocket
  readonly streams: Map<number, PoolStream>
  attachment: Attachment
  /** Pings since it was heard of. Counted, not timed: an object that was held up finds what came meanwhile first. */
  pings: number
  isGone: boolean
}

/** A worker's name among the pool's replicas, stable over its connections: no other token can take it. */
const workerIdOf = ({ tokenId, hello }: Attachment): string => `${tokenId}-${hello?.instance ?? ''}`
const replicaIdOf = (attachment: Attachment): string => `worker-${workerIdOf(attachment)}`

const TIMES = { pingMs: WORKER_PING_MS, pingsMax: WORKER_PINGS_MAX, helloMs: WORKER_HELLO_MS }

/** The workers of one pool. Its object hands it what happens on sockets. */
export class PoolWorkers {
  readonly #ctx: DurableObjectState
  readonly #changed: () => void
  readonly #times: typeof TIMES
  readonly #epoch = crypto.randomUUID()
  /** By socket, in the order of their coming. */
  readonly #peers = new Map<WebSocket, Peer>()
  /** Begins anywhere: what still comes of streams of another epoch meets none of this one. */
  #stream = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
  #heldBytes = 0
  #timer: ReturnType<typeof setTimeout> | null = null

  /** `changed` is called when `replicas` would answer something else than before. */
  constructor(ctx: DurableObjectState, { changed }: { readonly changed: () => void }, times = TIMES) {
    this.#ctx = ctx
    this.#changed = changed
    this.#times = times
    for (const socket of ctx.getWebSockets()) this.#wake(socket)
  }

  /** Takes a worker in that was let in by its token. The status says why not. */
  accept(request: Request, worker: NamedWorker): Response {
    if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') return new Response(null, { status: 426 })
    this.#dropUnknown()
    if (this.#peers.size >= WORKERS_PER_POOL_MAX) return new Response(null, { status: 503 })
    const { 0: client, 1: server } = new WebSocketPair()
    // Answered by the runtime, which need not wake the object for it.
    this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'))
    this.#ctx.acceptWebSocket(server, [worker.tokenId])
    const attachment = { ...worker, connectedAtMs: Date.now(), epoch: this.#epoch, hello: null, draining: false }
    this.#attach(this.#peer(server, attachment), attachment)
    return new Response(null, { status: 101, webSocket: client })
  }

  /** Those that have said who they are, for the scheduler. */
  replicas(): PoolReplica[] {
    return this.#known().map(({ attachment, hello }) => ({
      id: replicaIdOf(attachment),
      state: attachment.draining ? 'draining' : 'active',
      maxRequests: hello.maxConcurrent,
      models: hello.models,
      prefillTokensPerSecond: hello.prefillTokensPerSecond,
      kvTokens: hello.kvTokens,
    }))
  }

  /** The same, for whoever operates the pool. */
  view(): ConnectedWorker[] {
    return this.#known().map(({ attachment, hello, streams }) => ({
      replica: replicaIdOf(attachment),
      tokenId: attachment.tokenId,
      name: attachment.name,
      state: attachment.draining ? 'draining' : 'active',
      models: [...hello.models],
      maxConcurrent: hello.maxConcurrent,
      requests: streams.size,
      connectedAt: new Date(attachment.connectedAtMs).toISOString(),
    }))
  }

  /**
   * Has a worker answer: resolves at the head of its answer, whose body is read at the reader's pace; who cancels it
   * stops the worker's engine. A worker that is lost before the head, or is not there: 503 with POOL_HEADER `lost`.
   * Lost after it: the body breaks. Its engine does not answer: 502. Rejects where the request's signal aborts before.
   */
  serve(replicaId: string, request: Request): Promise<Response> {
    const peer = this.#known().find(({ attachment }) => replicaIdOf(attachment) === replicaId)?.peer
    if (peer === undefined || !this.#isLet(peer)) return Promise.resolve(lostReply())
    if (peer.streams.size >= STREAMS_PER_WORKER_MAX) return Promise.resolve(fullReply())
    if (peer.streams.size === 0) peer.pings = 0
    this.#stream = nextStream(this.#stream)
    const id = this.#stream
    const stream = new PoolStream(id, {
      send: (frame) => send(peer, frame),
      held: (bytes) => {
        this.#heldBytes += bytes
        return this.#heldBytes <= POOL_HELD_BYTES_MAX
      },
      over: () => void peer.streams.delete(id),
    })
    peer.streams.set(id, stream)
    this.#watch()
    return stream.begin(request)
  }

  /** `webSocketMessage` of the object. */
  message(socket: WebSocket, data: string | ArrayBuffer): void {
    const peer = this.#peers.get(socket) ?? this.#wake(socket)
    if (peer === null || peer.isGone) return
    peer.pings = 0
    try {
      if (typeof data === 'string') throw new FrameFault('frames are binary')
      this.#take(peer, data)
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error
      this.#drop(peer, CLOSE_FAULT, error.message)
    }
  }

  /** `webSocketClose` and `webSocketError` of the object. */
  closed(socket: WebSocket): void {
    const peer = this.#peers.get(socket)
    if (peer !== undefined) this.#drop(peer, 1000, 'closed')
    else closeQuietly(socket, 1000, 'closed')
  }

  /** Ends what came with a token, at once. */
  revoke(tokenId: string): void {
    for (const peer of [...this.#peers.values()])
      if (peer.attachment.tokenId === tokenId) this.#drop(peer, CLOSE_REVOKED, 'the token was revoked')
  }

  #take(peer: Peer, data: ArrayBuffer): void {
    const frame = readWorkerFrame(data)
    const stream = peer.streams.get(frame.stream)
    if (frame.kind === 'hello') this.#greet(peer, frame.value)
    else if (peer.attachment.hello === null) throw new FrameFault('hello comes first')
    else if (frame.kind === 'drain') this.#drain(peer)
    else if (frame.kind === 'pong') return
    else if (stream !== undefined) stream.take(frame)
    // It was cancelled, which the worker did not know yet; or it is of another epoch.
    else if (frame.kind === 'head' || frame.kind === 'data') send(peer, { kind: 'cancel', stream: frame.stream })
  }

  #drain(peer: Peer): void {
    if (peer.attachment.draining) return
    this.#attach(peer, { ...peer.attachment, draining: true })
    this.#changed()
  }

  #greet(peer: Peer, hello: WorkerHello): void {
    if (hello.protocol !== WORKER_PROTOCOL) throw new FrameFault(`protocol ${WORKER_PROTOCOL} is spoken here`)
    this.#attach(peer, { ...peer.attachment, hello, draining: false })
    const worker = workerIdOf(peer.attachment)
    // It has come again before its old connection was known to be gone.
    for (const other of this.#known())
      if (other.peer !== peer && workerIdOf(other.attachment) === worker)
        this.#drop(other.peer, CLOSE_REPLACED, 'it came again', false)
    send(peer, { kind: 'welcome', stream: 0, value: { worker, epoch: this.#epoch } })
    this.#changed()
  }

  #known(): { peer: Peer; attachment: Attachment; hello: WorkerHello; streams: Peer['streams'] }[] {
    return [...this.#peers.values()].flatMap((peer) => {
      const { attachment, streams } = peer
      return attachment.hello === null ? [] : [{ peer, attachment, hello: attachment.hello, streams }]
    })
  }

  /** A socket that came before this memory began; null where it is none of a worker's. */
  #wake(socket: WebSocket): Peer | null {
    const attachment: Attachment | null = socket.deserializeAttachment()
    if (attachment === null || socket.readyState !== WebSocket.OPEN) return null
    const peer = this.#peer(socket, attachment)
    if (attachment.epoch === this.#epoch) return peer
    this.#attach(peer, { ...attachment, epoch: this.#epoch })
    send(peer, { kind: 'reset', stream: 0, value: { epoch: this.#epoch } })
    return peer
  }

  #peer(socket: WebSocket, attachment: Attachment): Peer {
    const peer: Peer = { socket, attachment, streams: new Map(), pings: 0, isGone: false }
    this.#peers.set(socket, peer)
    return peer
  }

  #attach(peer: Peer, attachment: Attachment): void {
    peer.attachment = attachment
    peer.socket.serializeAttachment(attachment)
  }

  /** Has its token not expired since it came? Else it goes. */
  #isLet(peer: Peer): boolean {
    const { expiresAtMs } = peer.attachment
    if (expiresAtMs === null || Date.now() < expiresAtMs) return true
    this.#drop(peer, CLOSE_REVOKED, 'the token has expired')
    return false
  }

  #drop(peer: Peer, code: number, reason: string, tell = true): void {
    if (peer.isGone) return
    peer.isGone = true
    this.#peers.delete(peer.socket)
    for (const stream of [...peer.streams.values()]) stream.lose()
    closeQuietly(peer.socket, code, reason)
    if (tell && peer.attachment.hello !== null) this.#changed()
  }

  #dropUnknown(): void {
    const sinceMs = Date.now() - this.#times.helloMs
    for (const peer of [...this.#peers.values()])
      if (peer.attachment.hello === null && peer.attachment.connectedAtMs <= sinceMs)
        this.#drop(peer, CLOSE_NO_HELLO, 'it did not say who it is')
  }

  /** While requests run their workers are asked for signs of life: a line that is cut tells nobody. */
  #watch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      const busy = [...this.#peers.values()].filter(({ streams }) => streams.size > 0)
      for (const peer of busy) {
        if (!this.#isLet(peer)) continue
        if (peer.pings >= this.#times.pingsMax) this.#drop(peer, CLOSE_SILENT, 'it is silent')
        else send(peer, { kind: 'ping', stream: 0 })
        peer.pings += 1
      }
      if (busy.length > 0) this.#watch()
    }, this.#times.pingMs)
  }
}

/** One that is gone already is heard of by `closed`. */
function send({ socket, isGone }: Peer, frame: PoolFrame): void {
  if (isGone) return
  try {
    socket.send(encodeFrame(frame))
  } catch {
    // It is closed.
  }
}

function closeQuietly(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason)
  } catch {
    // It is closed.
  }
}
