/** Workers on real sockets inside workerd: an object that hands its sockets to `PoolWorkers`, and a worker's end to speak from. */
import { env, runInDurableObject } from 'cloudflare:test'
import type { WorkerHello } from '../../src/core/pool/frame-values.ts'
import { encodeFrame, type PoolFrame, readPoolFrame, type WorkerFrame } from '../../src/core/pool/frames.ts'
import type { NamedWorker } from '../../src/core/pool/worker-tokens.ts'
import { PoolWorkers } from '../../src/objects/pool-workers.ts'
import type { SessionObject } from '../../src/objects/session.ts'

export const HELLO: WorkerHello = { protocol: 1, instance: 'instance01', models: ['m'], maxConcurrent: 4 }
const NAMED: NamedWorker = { tokenId: 'AbCdEf12', name: 'rack 3', expiresAtMs: null }

let count = 0

/** What a test does inside the object. */
export interface World {
  readonly workers: PoolWorkers
  readonly state: DurableObjectState
  /** How often the replicas have changed. */
  readonly changes: () => number
  /** Dials in without a word. */
  readonly dial: (worker?: Partial<NamedWorker>) => Dialled
  /** Dials in, and is taken in. */
  readonly join: (hello?: Partial<WorkerHello>, worker?: Partial<NamedWorker>) => Promise<Dialled>
  /** The same sockets under a new memory, as after an eviction. */
  readonly wake: () => PoolWorkers
}

/** A worker's end of a socket. */
export interface Dialled {
  readonly socket: WebSocket
  readonly say: (frame: WorkerFrame) => void
  /** The next frame of the pool's but a ping. */
  readonly next: () => Promise<PoolFrame>
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

/** Runs a test inside an object of its own, any object: what is tested is what it composes. */
export function withWorkers(
  test: (world: World) => Promise<void>,
  times?: ConstructorParameters<typeof PoolWorkers>[2],
): Promise<void> {
  const stub = env.SESSION.get(env.SESSION.idFromName(`pool-workers-${++count}`))
  return runInDurableObject(stub, async (instance: SessionObject, state) => {
    let changes = 0
    const changed = (): void => {
      changes += 1
    }
    const make = (): PoolWorkers => new PoolWorkers(state, { changed }, times)
    let workers = make()
    Object.assign(instance, {
      webSocketMessage: (socket: WebSocket, data: string | ArrayBuffer) => workers.message(socket, data),
      webSocketClose: (socket: WebSocket) => workers.closed(socket),
    })
    const dial: World['dial'] = (worker = {}) => {
      const request = new Request('https://pool/worker', { headers: { upgrade: 'websocket' } })
      const { webSocket, status } = workers.accept(request, { ...NAMED, ...worker })
      if (webSocket == null) throw new Error(`no socket: ${status}`)
      return ends(webSocket)
    }
    await test({
      get workers() {
        return workers
      },
      state,
      changes: () => changes,
      dial,
      join: async (hello = {}, worker = {}) => {
        const dialled = dial(worker)
        dialled.say({ kind: 'hello', stream: 0, value: { ...HELLO, ...hello } })
        const { kind } = await dialled.next()
        if (kind !== 'welcome') throw new Error(`no welcome: ${kind}`)
        return dialled
      },
      wake: () => {
        workers = make()
        return workers
      },
    })
    for (const socket of state.getWebSockets()) socket.close(1000, 'the test is over')
  })
}

function ends(socket: WebSocket): Dialled {
  const frames: PoolFrame[] = []
  let heard = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<{ code: number; reason: string }>()
  socket.binaryType = 'arraybuffer'
  socket.accept()
  socket.addEventListener('message', ({ data }) => {
    if (!(data instanceof ArrayBuffer)) return
    const frame = readPoolFrame(data)
    if (frame.kind === 'ping') return
    frames.push(frame)
    heard.resolve()
    heard = Promise.withResolvers<void>()
  })
  socket.addEventListener('close', ({ code, reason }) => closed.resolve({ code, reason }))
  return {
    socket,
    say: (frame) => socket.send(encodeFrame(frame)),
    next: async () => {
      while (frames.length === 0) await heard.promise
      return frames.shift() as PoolFrame
    },
    closed: closed.promise,
  }
}
