/** The small interfaces to a pool's object, but for its scheduling: its workers' tokens, their way in, and how it fares. */
import type { SchedulerView } from '../../core/pool/types.ts'
import type { PoolWorkerEntry } from '../../core/pool/worker-entry.ts'
import type { ConnectedWorker, WorkerToken } from '../../core/pool/worker-tokens.ts'

/** One pool as the admin API uses it. Rejects when the object cannot be reached in time. */
export interface PoolAdmin {
  /** `taken`: there is a token of that id · `full`: WORKER_TOKENS_MAX are kept. */
  createWorker(token: WorkerToken, actor: string): Promise<'created' | 'taken' | 'full'>
  /** All tokens, revoked ones too, by id. */
  workers(): Promise<readonly Omit<WorkerToken, 'digest'>[]>
  /** Closes its sockets at once. False: there is none that could be revoked. */
  revokeWorker(id: string, at: string, actor: string): Promise<boolean>
  /** How the pool fares: its scheduler's view, and who is connected. Null: nobody has used it yet. */
  view(): Promise<{ readonly scheduler: SchedulerView; readonly connected: readonly ConnectedWorker[] } | null>
}

/** One per isolate. */
export interface PoolStores {
  /** By the name of its provider. */
  readonly poolAdmin: (pool: string) => PoolAdmin
  readonly poolWorkers: PoolWorkerEntry
}
