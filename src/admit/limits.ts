/** Which limits apply to a request: the deployment's, the tenant's over them, the key's over both. No I/O. */
import type { Config } from '../core/config.ts'
import type { Counter } from '../core/ledger/types.ts'
import { APPLIED_LIMITS_PER_CALLER_MAX } from '../core/limits.ts'
import { counterOf, limitsInForce, withSubject } from '../core/limits-in-force.ts'
import { type Caller, matcher } from '../core/tenant.ts'

/** The limits of one request, as the ledger counts them. */
export interface AppliedLimits {
  readonly counters: readonly Counter[]
  /** Equal where the counters are the same ones in the same order, whatever their amounts. */
  readonly setId: string
  /** Name of the first limit on money; null where there is none. */
  readonly hasMoney: string | null
  /** Is the worst case reserved of its tokens or money? */
  readonly isWorstCase: boolean
}

/** What applies to this request. Of every request on the path, so it is worked out once per caller, config and alias. */
export function limitsFor(config: Config, caller: Caller, alias: string, user: string | undefined): AppliedLimits {
  let known = compiled.get(caller)
  if (known === undefined || known.config !== config) {
    known = new CallerLimits(config, caller)
    compiled.set(caller, known)
  }
  return known.of(alias, user)
}

/** What applies to an answer that was given before: it is a request and runs for a while, but it uses up nothing else. */
export function limitsOfHit(config: Config, caller: Caller, alias: string, user: string | undefined): AppliedLimits {
  return applied(limitsFor(config, caller, alias, user).counters.filter(({ of }) => of !== 'tokens' && of !== 'usd'))
}

/** Do they count the same, up to the same amounts? */
export function areSame(one: AppliedLimits, other: AppliedLimits): boolean {
  if (one === other) return true
  if (one.setId !== other.setId) return false
  return one.counters.every(({ amount, hard }, index) => {
    const counter = other.counters[index]
    return amount === counter?.amount && hard === counter.hard
  })
}

const compiled = new WeakMap<Caller, CallerLimits>()
const NONE: AppliedLimits = { counters: [], setId: '', hasMoney: null, isWorstCase: false }

/** A counter that waits for its subject, where that is not the same for every request of a caller. */
interface Rule {
  readonly applies: (alias: string) => boolean
  readonly counter: Counter
}

/** What applies to an alias: without an end user, and, where that makes a difference, what it is made from with one. */
interface OfAlias {
  readonly anonymous: AppliedLimits
  readonly named: readonly Counter[] | null
}

/** The limits of one caller under one config. */
class CallerLimits {
  readonly config: Config
  readonly #rules: readonly Rule[]
  readonly #byAlias = new Map<string, OfAlias>()

  constructor(config: Config, caller: Caller) {
    this.config = config
    this.#rules = limitsInForce(config, caller.tenant, caller.key).map((limit): Rule => {
      const counter = counterOf(limit)
      return {
        applies: matcher(limit.model === undefined ? undefined : [limit.model]),
        counter: limit.scope === 'key' ? withSubject(counter, caller.key.id) : counter,
      }
    })
  }

  of(alias: string, user: string | undefined): AppliedLimits {
    if (this.#rules.length === 0) return NONE
    let found = this.#byAlias.get(alias)
    if (found === undefined) {
      found = this.#ofAlias(alias)
      if (this.#byAlias.size >= APPLIED_LIMITS_PER_CALLER_MAX) this.#byAlias.clear()
      this.#byAlias.set(alias, found)
    }
    // Callers choose the names of their users and have any number of them: not kept.
    if (user === undefined || found.named === null) return found.anonymous
    return applied(found.named.map((counter) => (counter.scope === 'user' ? withSubject(counter, user) : counter)))
  }

  #ofAlias(alias: string): OfAlias {
    const counters = this.#rules
      .filter(({ applies }) => applies(alias))
      .map(({ counter }) => (counter.scope === 'model' ? withSubject(counter, alias) : counter))
    const ofNobody = counters.filter(({ scope }) => scope !== 'user')
    return { anonymous: applied(ofNobody), named: ofNobody.length < counters.length ? counters : null }
  }
}

function applied(counters: readonly Counter[]): AppliedLimits {
  if (counters.length === 0) return NONE
  return {
    counters,
    setId: counters.map(({ id }) => id).join('\n'),
    hasMoney: counters.find(({ of }) => of === 'usd')?.limit ?? null,
    isWorstCase: counters.some(({ of, hard }) => of === 'usd' || (of === 'tokens' && hard)),
  }
}
