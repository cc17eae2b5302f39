/** Composition root: Env → Services. The one file that names concrete adapters. */
import type { Replicas } from './core/replicas.ts'
import type { RetryBudget } from './core/retry-budget.ts'
import type { DirectorySnapshot, Model } from './core/snapshot.ts'
import type { TargetHealth } from './core/target-health.ts'
import type { UsageBuffer } from './core/usage-buffer.ts'
import type { Clock } from './lib/clock.ts'
import type { Refreshed } from './lib/refreshed.ts'
import type { Fetcher } from './lib/outgoing.ts'
import type { Provider } from './providers/types.ts'
import type { Directory, DirectoryAdmin, TenantAdmin, TenantPlace, TenantStore } from './stores/types.ts'
import type { ApiKeys, Vault } from './vault/types.ts'

/** The deployment as this isolate knows it: a snapshot with what is compiled from it once per revision. */
export interface Deployment extends DirectorySnapshot {
  readonly models: ReadonlyMap<string, Model>
}

/** Everything the path and the admin API stand on. One per isolate; holds values, never a request's own objects. */
export interface Services {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Keeps work alive after the reply, at most 30 s after the client has gone. Belongs to the request that calls it. */
  readonly background: (work: Promise<unknown>) => void
  /** One structured line. Never content, never a secret. */
  readonly log: (line: Readonly<Record<string, unknown>>) => void
  /** The newest snapshot within the bounds of core/limits.ts. */
  readonly deployment: Refreshed<Deployment>
  readonly directory: Directory
  readonly tenants: TenantStore
  readonly vault: Vault
  readonly apiKeys: ApiKeys
  /** Protocol name → provider. */
  readonly providers: ReadonlyMap<string, Provider>
  /** A VPC binding by name; undefined when this Worker has none of that name. */
  readonly binding: (name: string) => Fetcher | undefined
  readonly health: TargetHealth
  readonly replicas: Replicas
  readonly retryBudget: RetryBudget
  readonly usageBuffer: UsageBuffer
  readonly allowPrivate: boolean
  /** Current token first; the second is honoured during a change. */
  readonly adminTokens: readonly string[]
  readonly directoryAdmin: DirectoryAdmin
  readonly tenantAdmin: (place: TenantPlace) => TenantAdmin
  /** What only this isolate knows of how it fares, for `GET /admin/status`. */
  readonly status?: () => { readonly degradedSeconds: number; readonly rowsDropped: number }
}
