/** The small interfaces to what outlives a request: streams, kept responses, templates, end users. */
import type { StoredTemplate, Template, TemplateReplies } from '../../core/prompts/types.ts'
import type { StreamJob, StreamOpened, StreamState } from '../../core/streams/types.ts'
import type { TenantPlace } from '../../core/tenant.ts'

/** A kept response, sealed part by part: the object itself, its own input items, and all items before those. */
export interface KeptParts {
  readonly response: string
  readonly input: string
  readonly context: string
}

/** Responses that are kept, each by its id within its tenant. Rejects when it cannot tell in time. */
export interface ResponseStore {
  /** Replaces what was kept under the id. Resolves when durable. Gone by itself after `keptMs`. */
  put(place: TenantPlace, id: string, parts: KeptParts, keptMs: number): Promise<void>
  /** Null: nothing is kept under that id. */
  get<P extends keyof KeptParts>(
    place: TenantPlace,
    id: string,
    names: readonly P[],
  ): Promise<Pick<KeptParts, P> | null>
  /** False: nothing was. */
  delete(place: TenantPlace, id: string): Promise<boolean>
}

/** Generations that outlive their clients, each in an object of its own. A call rejects when that is out of reach. */
export interface StreamStore {
  /** Begins one, or reads along where it has begun, under a name of its own; resolves when its reply has a head. */
  start(job: StreamJob, reader: string): Promise<StreamOpened>
  /** Whoever reads by that name has left, and its connection could not tell. */
  leave(place: TenantPlace, id: string, reader: string): Promise<void>
  /** Begins one and does not wait. False: the id is taken by another request. */
  launch(job: StreamJob): Promise<boolean>
  /** What comes after an event, -1: everything; null: there is no such stream. */
  read(place: TenantPlace, id: string, after: number): Promise<StreamOpened | null>
  state(place: TenantPlace, id: string): Promise<StreamState | null>
  /** Stops it where it still runs. */
  cancel(place: TenantPlace, id: string): Promise<StreamState | null>
  /** Forgets it. */
  erase(place: TenantPlace, id: string): Promise<void>
}

/** Prompt templates as the request path reads them. */
export interface PromptStore {
  /** `version` null: the newest. Null: there is no such template or version. Rejects when that cannot be told. */
  template(place: TenantPlace, name: string, version: number | null): Promise<StoredTemplate | null>
}

/** One tenant's prompt templates as the admin API uses them. */
export interface PromptAdmin {
  /** One equal to the newest makes no new version. `full`: one more than a tenant may have; null: the tenant is gone. */
  put(name: string, template: Template, actor: string): Promise<TemplateReplies['put']>
  /** By name. */
  list(): Promise<TemplateReplies['list']>
  read(name: string, version: number | null): Promise<TemplateReplies['read']>
  /** Newest first; empty where there is no such template. */
  versions(name: string): Promise<TemplateReplies['versions']>
  /** Makes a new version of an old one. */
  rollback(name: string, version: number, actor: string): Promise<TemplateReplies['rollback']>
  /** `in-use`: the tenant's profiles are rendered through it. */
  delete(name: string, actor: string): Promise<TemplateReplies['delete']>
}

/** End users of tenants, by the ids that callers give them. Rejects when it cannot be told, or done, in time. */
export interface UserStore {
  profile(place: TenantPlace, user: string): Promise<{ readonly sealed: string; readonly updatedAtMs: number } | null>
  /** True where there was none. Resolves when it is durable. */
  putProfile(place: TenantPlace, user: string, sealed: string): Promise<boolean>
  /** False when there is none. */
  deleteProfile(place: TenantPlace, user: string): Promise<boolean>
  /** For good: the tenant is no more. */
  erase(place: TenantPlace, user: string): Promise<void>
}
