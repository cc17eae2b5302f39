/** What composing stands on, and what it is asked. No I/O. */
import type { KeptProfile, KeptTemplate } from '../core/prompts/types.ts'
import type { RefreshedMap } from '../core/refreshed-map.ts'
import type { Caller } from '../core/tenant.ts'
import type { PromptStore, UserStore } from '../stores/types.ts'
import type { CacheKeys } from '../vault/types.ts'

export interface FrameServices {
  readonly prompts: PromptStore
  readonly users: Pick<UserStore, 'profile'>
  readonly cacheKeys: CacheKeys
  /** What this isolate has of both. */
  readonly templates: RefreshedMap<KeptTemplate>
  readonly profiles: RefreshedMap<KeptProfile>
}

/** Whose frame it is. */
export type FrameCaller = Pick<Caller, 'tenantId' | 'generation' | 'tenant' | 'cacheSecret'>

/** A template by its name, as a request asks for it. */
export interface PromptAsk {
  readonly id: string
  /** Null: the newest. */
  readonly version: number | null
  readonly variables: Readonly<Record<string, unknown>>
}

/** What a request says of its frame. */
export interface FrameAsk {
  /** The end user it is for. */
  readonly user: string | undefined
  readonly prompt: PromptAsk | null
}
