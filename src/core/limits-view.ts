/** Limits as operators and callers are shown them: what is in force, and how the ledger says it stands. No I/O. */
import type { LimitView } from './admin-views.ts'
import type { Counter, CounterLevel, LedgerView, Window } from './ledger/types.ts'
import { counterOf, type LimitInForce, withSubject } from './limits-in-force.ts'
import { matcher } from './tenant.ts'

/** Whom limits of the narrower scopes count, as far as the reader may know of them. */
export interface Subjects {
  readonly keys: readonly string[]
  readonly aliases: readonly string[]
  /** `all`: every end user that the ledger knows of at the moment. */
  readonly users: readonly string[] | 'all'
}

/** A limit, and what may have counted it. */
export interface Watched {
  readonly limit: LimitInForce
  readonly counters: readonly Counter[]
  readonly everyUser: boolean
}

/** The counters to ask the ledger for. */
export function watched(limits: readonly LimitInForce[], subjects: Subjects): Watched[] {
  return limits.map((limit) => {
    const whole = counterOf(limit)
    const of = (names: readonly string[]): Counter[] => names.map((name) => withSubject(whole, name))
    const users = subjects.users === 'all' ? [] : subjects.users
    const fits = matcher(limit.model === undefined ? undefined : [limit.model])
    const counters = {
      tenant: () => [whole],
      key: () => of(subjects.keys),
      model: () => of(subjects.aliases.filter(fits)),
      user: () => of(users),
    }[limit.scope]()
    return { limit, counters, everyUser: limit.scope === 'user' && subjects.users === 'all' }
  })
}

/** A row for whatever has counted anything; a limit that has not at all has one row too. */
export function limitRows(limits: readonly Watched[], view: LedgerView): LimitView[] {
  const levels = new Map(view.counters.map((level) => [level.counter.id, level]))
  return limits.flatMap(({ limit, counters, everyUser }) => {
    const whole = counterOf(limit)
    const found = everyUser
      ? view.counters.filter(({ counter }) => counter.scope === 'user' && counter.id.startsWith(`${whole.id} `))
      : counters.flatMap(({ id }) => levels.get(id) ?? [])
    if (found.length > 0) return found.map((level) => row(limit, level.counter.subject, level))
    const [only, ...others] = counters
    return [row(limit, others.length === 0 ? (only?.subject ?? null) : null, undefined)]
  })
}

function row(limit: LimitInForce, subject: string | null, level: CounterLevel | undefined): LimitView {
  const { name, of, scope, model, amount, hard, window } = limit
  const shown = (units: number): number => (of === 'usd' ? units / 1_000_000 : units)
  const used = level?.used ?? 0
  // Not the level's own: two keys may count together and have different amounts.
  const whole = window.kind === 'paced' ? window.burst : amount
  return {
    name,
    of,
    scope,
    subject,
    ...(model === undefined ? {} : { model }),
    amount: shown(amount),
    ...windowView(window, shown),
    hard,
    used: shown(Math.ceil(used)),
    remaining: shown(Math.max(0, Math.floor(whole - used))),
    // Nobody knows when requests end.
    resetMs: window.kind === 'held' ? null : finite(level?.level.resetMs ?? 0),
    nextFreeMs: finite(level?.nextFreeMs ?? (amount > 0 ? 0 : Number.POSITIVE_INFINITY)),
    waiting: level?.waiting ?? 0,
  }
}

/** As the config document has it. */
function windowView(window: Window, shown: (units: number) => number): Partial<LimitView> {
  switch (window.kind) {
    case 'held':
      return {}
    case 'calendar':
      return { per: window.per, timeZone: window.timeZone }
    case 'sliding':
      return { perSeconds: window.perMs / 1000 }
    case 'paced':
      return { perSeconds: window.perMs / 1000, shape: 'paced', burst: shown(window.burst) }
  }
}

const finite = (ms: number): number | null => (Number.isFinite(ms) ? Math.ceil(ms) : null)
