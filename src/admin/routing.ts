/** What every topic of the admin API is written with: typed routes from schemas, pages, look-up of a tenant. */
import { OpenAPIHono, type z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { errorViewSchema, type Page } from '../core/admin-views.ts'
import type { Fault } from '../core/control.ts'
import { faultsOf } from '../core/faults.ts'
import type { TenantPlace } from '../core/tenant.ts'
import type { Services } from '../services.ts'
import type { TenantAdmin } from '../stores/types.ts'
import { refuse, refuseInput } from './errors.ts'

/** What the guard leaves for the handlers. */
export interface AdminEnv {
  Variables: {
    services: Services
    /** Who is doing this, as the audit log names them. */
    actor: string
    /** The body as it was written, parsed; undefined for none. */
    json: unknown
  }
}

export type AdminHono = OpenAPIHono<AdminEnv>

/** An app whose schemas answer with every fault they find. */
export function adminHono(): AdminHono {
  return new OpenAPIHono<AdminEnv>({
    defaultHook: (result) => {
      if (!result.success) refuseInput(faultsOf(result.error))
    },
  })
}

/**
 * A hook that adds what a schema cannot say. It looks at the input as it was written, so that these faults are listed
 * beside the schema's own.
 */
export function alsoChecking(
  check: (input: unknown, nowMs: number, params: Readonly<Record<string, string>>) => Fault[],
) {
  return (result: HookResult, c: Context<AdminEnv>): undefined => {
    const found = result.success ? [] : faultsOf(result.error)
    if (result.target === 'json') found.push(...check(c.get('json'), c.get('services').clock.now(), c.req.param()))
    if (found.length > 0) refuseInput(found)
  }
}

type HookResult = { readonly target: string } & (
  | { readonly success: true }
  | { readonly success: false; readonly error: z.core.$ZodError }
)

/** A JSON reply, described. */
export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

/** A JSON body; it is always required, an absent one counts as `{}`. */
export const body = <T extends z.ZodType>(schema: T) => ({
  required: true,
  content: { 'application/json': { schema } },
})

/** Every call can be refused. */
export const refusals = { '4XX': json(errorViewSchema, 'Refused; `faults` names everything wrong with the input') }

/** What every route has in common in the OpenAPI document. */
export const admin = { tags: ['Admin'], security: [{ adminToken: [] }] }

/** One page of a list, as it goes over the wire. */
export function page<T>(data: T[], hasMore: boolean, last: string | null | undefined): Page<T> {
  return { data, has_more: hasMore, last: last ?? null }
}

/** One page of a list that is short enough to be held whole, in order of `idOf`. */
export function pageWithin<T>(
  all: readonly T[],
  query: { after?: string | undefined; limit: number },
  idOf: (entry: T) => string,
): Page<T> {
  const { after, limit } = query
  const rest = after === undefined ? all : all.filter((entry) => idOf(entry) > after)
  const data = rest.slice(0, limit)
  const last = data.at(-1)
  return page(data, rest.length > data.length, last === undefined ? null : idOf(last))
}

/** A tenant's place and object; an unknown id ends the call with 404. */
export async function tenantOf(services: Services, id: string): Promise<{ place: TenantPlace; object: TenantAdmin }> {
  const place = await services.directoryAdmin.place(id)
  if (place === null) return noTenant(id)
  return { place, object: services.tenantAdmin(place) }
}

export function noTenant(id: string): never {
  refuse('not_found', `There is no tenant "${id}".`)
}
