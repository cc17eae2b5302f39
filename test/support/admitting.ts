/** One isolate's admission around a ledger in the test's hand. */
import { type Admission, admit, type Standing } from '../../src/admit/admit.ts'
import type { admitHit } from '../../src/admit/admit-hit.ts'
import type { ConfigDocument } from '../../src/core/config.ts'
import { Heartbeats } from '../../src/core/ledger/heartbeats.ts'
import { LocalLimiter } from '../../src/core/ledger/local-limiter.ts'
import { RoundTrips } from '../../src/core/ledger/round-trips.ts'
import { Slices } from '../../src/core/ledger/slices.ts'
import type { Ask, AskReply, Level, Slice, Verdict } from '../../src/core/ledger/types.ts'
import type { Tenant, TenantPlace } from '../../src/core/tenant.ts'
import { manualClock } from './manual-clock.ts'
import { callerOf, deploymentOf, requestOf } from './path.ts'

type Limits = NonNullable<ConfigDocument['limits']>

export const RPM: Limits[number] = { name: 'rpm', of: 'requests', amount: 80, perSeconds: 60 }
export const TPM: Limits[number] = { name: 'tpm', of: 'tokens', amount: 100_000, perSeconds: 60 }
export const FLIGHT: Limits[number] = { name: 'flight', of: 'concurrency', amount: 16 }
export const MONTH: Limits[number] = { name: 'month', of: 'usd', amount: 500, per: 'month' }

const LEARNED = { outputTokens: 100, bytesPerToken: 4 }
export const level = (remaining = 79): Level => ({ remaining, resetMs: 60_000 })
export const granted = (slice: Slice | null = null, ...levels: Level[]): Verdict => ({
  kind: 'granted',
  levels: levels.length === 0 ? [level()] : levels,
  learned: LEARNED,
  slice,
})
export const refused = (by = 0, ...levels: Level[]): Verdict => ({
  kind: 'refused',
  by,
  retryAfterMs: 1500,
  isFutile: false,
  levels: levels.length === 0 ? [level(0)] : levels,
})
export const QUEUED: AskReply = { kind: 'queued', etaMs: 500 }

/** A promise in the test's hand. */
export function pending<T>() {
  let [resolve, reject] = [(_: T): void => {}, (_: Error): void => {}]
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  return { promise, resolve, reject }
}

/** One isolate and a ledger that answers as its test says: by default it grants. */
export function admitting(limits: Limits, tenant: Partial<Tenant> = {}) {
  const clock = manualClock()
  const asks: Ask[] = []
  const deadlines: number[] = []
  const turns: { id: string; deadlineMs: number }[] = []
  const withdrawn: string[] = []
  const renewed: string[][] = []
  const background: Promise<unknown>[] = []
  const lines: Readonly<Record<string, unknown>>[] = []
  const ledger = {
    admit: (_: Ask): Promise<AskReply> => Promise.resolve(granted()),
    turn: (_: string): Promise<Verdict> => Promise.resolve(granted()),
    withdraw: (_: string): Promise<void> => Promise.resolve(),
  }
  const services = {
    clock,
    isolate: 'i1',
    slices: new Slices(),
    roundTrips: new RoundTrips(),
    localLimiter: new LocalLimiter(),
    heartbeats: new Heartbeats(),
    background: (work: Promise<unknown>) => void background.push(work),
    log: (line: Readonly<Record<string, unknown>>) => void lines.push(line),
    tenants: {
      admit(_: TenantPlace, ask: Ask, deadlineMs: number) {
        asks.push(ask)
        deadlines.push(deadlineMs)
        return ledger.admit(ask)
      },
      turn(_: TenantPlace, id: string, deadlineMs: number) {
        turns.push({ id, deadlineMs })
        return ledger.turn(id)
      },
      withdraw(_: TenantPlace, id: string) {
        withdrawn.push(id)
        return ledger.withdraw(id)
      },
      async record() {},
      async renew(_: TenantPlace, ids: readonly string[]) {
        renewed.push([...ids])
      },
    },
  }
  const deployment = deploymentOf({
    providers: { openai: { protocol: 'openai' } },
    models: {
      model: {
        targets: [{ provider: 'openai', model: 'm', maxOutputTokens: 1000, price: { input: 1, output: 1 } }],
        timeouts: { totalMs: 100_000 },
      },
      free: { targets: [{ provider: 'openai', model: 'm' }] },
    },
    limits,
  })
  const caller = callerOf({ tenant })
  /** What those who wait are told of their standing. */
  const policy = { confirm: async (): Promise<Standing> => ({ kind: 'entry', deployment, caller }) }
  /** The tenant's own limits change while somebody waits. */
  const relimit = (limits: Limits): void => {
    policy.confirm = async () => ({ kind: 'entry', deployment, caller: callerOf({ tenant: { ...tenant, limits } }) })
  }
  let requests = 0
  /** Admits one more request; as one that is answered from what was kept, where `by` is `admitHit`. */
  const next = (
    more: Parameters<typeof requestOf>[0] = {},
    client: AbortSignal = new AbortController().signal,
    by: typeof admitHit = admit,
  ) => {
    requests += 1
    const request = requestOf({ requestId: `r${requests}`, startedAtMs: clock.now(), ...more })
    const model = deployment.models.get(request.alias)
    if (model === undefined) throw new Error(`no model ${request.alias}`)
    return by(services, { deployment, caller, again: () => policy.confirm() }, request, model, { signal: client })
  }
  const outOfReach = (): void => {
    ledger.admit = () => Promise.reject(new Error('out of reach'))
  }
  return {
    clock,
    services,
    ledger,
    asks,
    deadlines,
    turns,
    withdrawn,
    renewed,
    background,
    lines,
    next,
    outOfReach,
    policy,
    relimit,
  }
}

/** What a caller is told: `ok`, or the code. */
export async function told(admission: Admission | Promise<Admission>): Promise<string> {
  const verdict = await admission
  if (verdict.kind === 'admitted') return 'ok'
  return verdict.kind === 'cancelled' ? 'cancelled' : verdict.refusal.code
}

export function admitted(admission: Admission): Extract<Admission, { kind: 'admitted' }> {
  if (admission.kind !== 'admitted') throw new Error(`was ${admission.kind}`)
  return admission
}
