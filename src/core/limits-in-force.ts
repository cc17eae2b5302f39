/** Which limits apply: the deployment's, overridden by name by the tenant's, then by the key's. No I/O. */
import type { Config, Limit } from './config.ts'
import type { Counter, Unit, Window } from './ledger/types.ts'
import type { ApiKey, Tenant } from './tenant.ts'

/** A limit with its defaults filled in; whom it counts, and whether it applies at all, is a request's business. */
export interface LimitInForce {
  readonly name: string
  readonly of: Unit
  readonly window: Window
  /** Micro-dollars for `usd`. */
  readonly amount: number
  readonly hard: boolean
  readonly scope: 'tenant' | 'key' | 'user' | 'model'
  /** Glob over aliases; undefined: all. */
  readonly model: string | undefined
}

/** The limits of a tenant (key null), or of one of its keys: by first mention of their names. */
export function limitsInForce(
  config: Pick<Config, 'limits'>,
  tenant: Pick<Tenant, 'limits'>,
  key: Pick<ApiKey, 'limits'> | null,
): readonly LimitInForce[] {
  const byName = new Map<string, LimitInForce>()
  const lists = [
    { limits: config.limits, scope: 'tenant' },
    { limits: tenant.limits ?? [], scope: 'tenant' },
    { limits: key?.limits ?? [], scope: 'key' },
  ] as const
  for (const { limits, scope } of lists) {
    for (const limit of limits) {
      const found = inForce(limit, scope)
      if (found === null) byName.delete(limit.name)
      else byName.set(limit.name, found)
    }
  }
  return [...byName.values()]
}

/**
 * A limit as the ledger counts it, for the whole tenant. Its id says what is counted and over which time, never how much
 * of it: a live change of the amount keeps the count.
 */
export function counterOf({ name, of, window, amount, hard, scope }: LimitInForce): Counter {
  const id = `${name} ${of} ${windowId(window)} ${scope}`
  return { id, limit: name, of, window, amount, hard, scope, subject: null }
}

/** The same for the key, end user or alias of its scope. */
export function withSubject(counter: Counter, subject: string): Counter {
  return { ...counter, id: `${counter.id} ${subject}`, subject }
}

function windowId(window: Window): string {
  switch (window.kind) {
    case 'held':
      return window.kind
    case 'calendar':
      return `${window.per} ${window.timeZone}`
    // A burst is like an amount: it may change, and by default it follows that.
    case 'sliding':
    case 'paced':
      return `${window.kind} ${window.perMs}`
  }
}

/** Null where the limit takes another of its name away. */
function inForce(limit: Limit, scope: LimitInForce['scope']): LimitInForce | null {
  const { name, of, amount, model } = limit
  if (of === undefined || amount === null) return null
  return {
    name,
    of,
    window: windowOf(limit, amount),
    amount: of === 'usd' ? microUsd(amount) : amount,
    hard: of === 'usd' || limit.hard === true,
    scope: limit.scope ?? scope,
    model,
  }
}

function windowOf({ of, perSeconds, per, timeZone = 'UTC', shape, burst }: Limit, amount: number): Window {
  if (of === 'concurrency') return { kind: 'held' }
  if (per !== undefined) return { kind: 'calendar', per, timeZone }
  // A limit without a window never gets past validation.
  const perMs = (perSeconds ?? 1) * 1000
  if (shape !== 'paced') return { kind: 'sliding', perMs }
  const units = (written: number): number => (of === 'usd' ? microUsd(written) : written)
  return {
    kind: 'paced',
    perMs,
    burst: burst === undefined ? Math.min(units(amount), Math.max(1, Math.floor(units(amount) / 10))) : units(burst),
  }
}

/** Whole micro-dollars, never more than was written. A double has 15 digits: 0.29 is not 0.28999…, nor 3e-7 one. */
const microUsd = (usd: number): number => Math.floor(Number((usd * 1_000_000).toPrecision(15)))
