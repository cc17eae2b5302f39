/** Streams that outlive their clients, over their Durable Objects. */
import { streamName } from '../../core/streams/events.ts'
import { STREAM_CALL_MS, STREAM_HEAD_MS } from '../../core/streams/limits.ts'
import type { StreamOpened, StreamState } from '../../core/streams/types.ts'
import { ownedStub } from '../../lib/object-places.ts'
import type { StreamStore, TenantPlace } from '../types.ts'
import { type CallTools, callObject } from './object-call.ts'

/** What the class offers; made by a function, it has no name to import. */
interface StreamRpc extends Rpc.DurableObjectBranded {
  start(job: string, reader: string): Promise<StreamOpened>
  launch(job: string): Promise<boolean>
  leave(reader: string): void
  erase(): Promise<void>
  read(after: number): Promise<StreamOpened | null>
  state(): StreamState | null
  cancel(): Promise<StreamState | null>
}

/** All calls may be made twice: an object knows its own id's request, and reads along for whoever comes again. */
export function createStreams(namespace: DurableObjectNamespace, tools: CallTools): StreamStore {
  const ask = <R>(
    place: TenantPlace,
    id: string,
    deadlineMs: number,
    question: (object: Asked) => Promise<R>,
  ): Promise<R> =>
    callObject<StreamRpc, R>(
      tools,
      { deadlineMs, repeatable: true },
      () => stubOf(namespace, place, id),
      (object) => question(object as unknown as Asked),
    )
  return {
    start: (job, reader) =>
      ask(job.place, job.id, STREAM_HEAD_MS, (object) => object.start(JSON.stringify(job), reader)),
    leave: (place, id, reader) => ask(place, id, STREAM_CALL_MS, (object) => object.leave(reader)),
    erase: (place, id) => ask(place, id, STREAM_CALL_MS, (object) => object.erase()),
    launch: (job) => ask(job.place, job.id, STREAM_CALL_MS, (object) => object.launch(JSON.stringify(job))),
    read: (place, id, after) => ask(place, id, STREAM_HEAD_MS, (object) => object.read(after)),
    state: (place, id) => ask(place, id, STREAM_CALL_MS, (object) => object.state()),
    cancel: (place, id) => ask(place, id, STREAM_CALL_MS, (object) => object.cancel()),
  }
}

interface Asked {
  start(job: string, reader: string): Promise<StreamOpened>
  launch(job: string): Promise<boolean>
  leave(reader: string): Promise<void>
  erase(): Promise<void>
  read(after: number): Promise<StreamOpened | null>
  state(): Promise<StreamState | null>
  cancel(): Promise<StreamState | null>
}

const stubOf = (namespace: DurableObjectNamespace, place: TenantPlace, id: string): StreamRpc =>
  ownedStub(namespace as unknown as DurableObjectNamespace<StreamRpc>, place, streamName(id)) as unknown as StreamRpc
