/** What requests are framed by: templates, end users, and what an isolate keeps of both. */
import { OBJECT_CALL_MS } from '../../core/limits.ts'
import {
  FRAME_FRESH_MS,
  FRAME_REFRESH_MAX_MS,
  FRAME_REFRESH_MIN_MS,
  FRAME_STALE_MS,
  PROFILES_KEPT_BYTES_MAX,
  TEMPLATES_KEPT_BYTES_MAX,
} from '../../core/prompts/limits.ts'
import type { KeptProfile, KeptTemplate } from '../../core/prompts/types.ts'
import { RefreshedMap } from '../../core/refreshed-map.ts'
import type { Surroundings } from '../../lib/refreshed.ts'
import type { TenantObject } from '../../objects/tenant.ts'
import type { UserObject } from '../../objects/user.ts'
import type { PromptAdmin, PromptStore, TenantPlace, UserStore } from '../types.ts'
import { createPromptAdmin, createPrompts } from './prompts.ts'
import { createUsers } from './users.ts'

/** One per isolate. */
export interface FrameStores {
  readonly prompts: PromptStore
  readonly promptAdmin: (place: TenantPlace) => PromptAdmin
  readonly users: UserStore
  /** What this isolate keeps of them. */
  readonly templates: RefreshedMap<KeptTemplate>
  readonly profiles: RefreshedMap<KeptProfile>
}

const AGES = {
  refreshMinMs: FRAME_REFRESH_MIN_MS,
  refreshMaxMs: FRAME_REFRESH_MAX_MS,
  freshMs: FRAME_FRESH_MS,
  staleMs: FRAME_STALE_MS,
  deadlineMs: OBJECT_CALL_MS,
}

/** Over the objects of tenants and of end users. */
export function createFrameStores(
  { TENANT, USER }: { TENANT: DurableObjectNamespace<TenantObject>; USER: DurableObjectNamespace<UserObject> },
  surroundings: Surroundings,
): FrameStores {
  return {
    prompts: createPrompts(TENANT, surroundings),
    promptAdmin: (place) => createPromptAdmin(TENANT, place, surroundings),
    users: createUsers(USER, surroundings),
    templates: new RefreshedMap<KeptTemplate>({
      ...surroundings,
      ...AGES,
      bytesMax: TEMPLATES_KEPT_BYTES_MAX,
      bytesOf: ({ stored }) => 2 * JSON.stringify(stored).length,
    }),
    profiles: new RefreshedMap<KeptProfile>({
      ...surroundings,
      ...AGES,
      bytesMax: PROFILES_KEPT_BYTES_MAX,
      // Opened it takes about as much again.
      bytesOf: ({ sealed }) => 3 * (sealed?.length ?? 0),
    }),
  }
}
