/** The limits lane: what limits cost a busy tenant and a quiet one, and whether they are exact over four isolates. */
import type { Admission, LimitOf } from './sluice.ts'
import { median } from './stats.ts'
import type { Arrival, OpenJob, OpenResult, WholeJob, WholeResult } from './types.ts'

const CONNECTIONS = 16
const BYTES = 200
/** A busy tenant's `rpm` over what it asks for; an exact one's under it. */
const HOT_SHARE = 2
const EXACT_SHARE = 0.5
const WINDOW_SECONDS = 60
/** So many windows' worth is granted in the time that an exact run takes, and it takes so many windows. */
export const EXACT_WINDOWS = 3
const EXACT_RUN_WINDOWS = 2.75

export interface LimitsOptions {
  readonly rounds: number
  readonly warmMs: number
  readonly measureMs: number
  readonly exactPerSeconds: number
  readonly exactOfferedPerSecond: number
  readonly progress: (text: string) => void
}

/** A running Sluice, as this lane needs it. */
export interface LimitsPlace {
  readonly ports: readonly number[]
  readonly admission: Admission
}

/** Requests that reached the upstream between the two calls. */
export interface Arrivals {
  readonly begin: () => Promise<void>
  readonly end: () => Promise<readonly Arrival[]>
}

export type LimitsLoad = {
  (job: WholeJob): Promise<WholeResult>
  (job: OpenJob): Promise<OpenResult>
}

export interface HotRound {
  readonly limited: boolean
  readonly round: number
  readonly requestsPerSecond: number
  readonly sent: number
  readonly failures: number
  /** Questions to the tenant's object about admission. */
  readonly ledgerCalls: number
}

export interface ColdRound {
  readonly limited: boolean
  readonly round: number
  readonly sent: number
  readonly failures: number
  readonly p50Ms: number
  readonly ledgerCalls: number
}

export interface ExactRun {
  readonly amount: number
  readonly perSeconds: number
  readonly offeredPerSecond: number
  /** By the upstream's own count. */
  readonly granted: number
  /** Most for certain in any closed interval of the window. */
  readonly mostInWindow: number
  readonly sent: number
  readonly failures: number
  readonly ledgerCalls: number
}

const rpm = (amount: number, perSeconds = WINDOW_SECONDS): LimitOf => ({
  name: 'rpm',
  of: 'requests',
  amount: Math.round(amount),
  perSeconds,
})

/** One hot tenant: the same load with `rpm` at twice what it asks for, and without, in turn. */
export async function hotRounds(
  { ports, admission }: LimitsPlace,
  load: LimitsLoad,
  options: LimitsOptions,
): Promise<HotRound[]> {
  const [port = 0] = ports
  const { warmMs, measureMs } = options
  const job = { kind: 'whole', port, bytes: BYTES, connections: CONNECTIONS, warmMs, measureMs } as const
  const unlimited = await admission.addTenant('unlimited', [])
  const { requestsPerSecond } = await load({ ...job, headers: unlimited })
  const limited = await admission.addTenant('hot', [rpm(HOT_SHARE * requestsPerSecond * WINDOW_SECONDS)])
  const rounds: HotRound[] = []
  for (let round = 0; round < options.rounds; round += 1) {
    options.progress(`limits lane, hot tenant, round ${round + 1}/${options.rounds}`)
    for (const isLimited of [round % 2 === 0, round % 2 !== 0]) {
      const before = await admission.ledgerCalls()
      const result = await load({ ...job, headers: isLimited ? limited : unlimited })
      const ledgerCalls = (await admission.ledgerCalls()) - before
      const { sent, failures } = result
      rounds.push({
        limited: isLimited,
        round,
        requestsPerSecond: result.requestsPerSecond,
        sent,
        failures,
        ledgerCalls,
      })
    }
  }
  return rounds
}

/**
 * One cold tenant: requests one at a time, with limits of every kind, and without. A limit on concurrency is never
 * part of a slice: however fast they come, each is a question to the ledger.
 */
export async function coldRounds(
  { ports, admission }: LimitsPlace,
  load: LimitsLoad,
  options: LimitsOptions,
): Promise<ColdRound[]> {
  const [port = 0] = ports
  const { warmMs, measureMs } = options
  const job = { kind: 'whole', port, bytes: BYTES, connections: 1, warmMs, measureMs } as const
  const unlimited = await admission.addTenant('cold-unlimited', [])
  const limited = await admission.addTenant('cold', [
    rpm(1_000_000),
    { name: 'tpm', of: 'tokens', amount: 1_000_000_000, perSeconds: WINDOW_SECONDS },
    { name: 'flight', of: 'concurrency', amount: 100 },
    { name: 'day', of: 'usd', amount: 1_000_000, per: 'day' },
  ])
  const rounds: ColdRound[] = []
  for (let round = 0; round < options.rounds; round += 1) {
    options.progress(`limits lane, cold tenant, round ${round + 1}/${options.rounds}`)
    for (const isLimited of [round % 2 === 0, round % 2 !== 0]) {
      const before = await admission.ledgerCalls()
      const { sent, failures, p50Ms } = await load({ ...job, headers: isLimited ? limited : unlimited })
      const ledgerCalls = (await admission.ledgerCalls()) - before
      rounds.push({ limited: isLimited, round, sent, failures, p50Ms, ledgerCalls })
    }
  }
  return rounds
}

/** Half of what is offered, over all isolates: counted where it arrives. */
export async function exactRun(
  { ports, admission }: LimitsPlace,
  load: LimitsLoad,
  arrivals: Arrivals,
  options: LimitsOptions,
): Promise<ExactRun> {
  const { exactPerSeconds: perSeconds, exactOfferedPerSecond: perSecond } = options
  const amount = Math.round(EXACT_SHARE * perSecond * perSeconds)
  const warm = await admission.addTenant('exact-warm', [])
  await load({ kind: 'open', ports, headers: warm, bytes: BYTES, perSecond, forMs: options.warmMs })
  const headers = await admission.addTenant('exact', [rpm(amount, perSeconds)])
  options.progress(`limits lane, ${amount} per ${perSeconds} s over ${ports.length} isolates`)
  await arrivals.begin()
  const before = await admission.ledgerCalls()
  const forMs = EXACT_RUN_WINDOWS * perSeconds * 1000
  const { sent, failures } = await load({ kind: 'open', ports, headers, bytes: BYTES, perSecond, forMs })
  const ledgerCalls = (await admission.ledgerCalls()) - before
  const granted = await arrivals.end()
  return {
    amount,
    perSeconds,
    offeredPerSecond: perSecond,
    granted: granted.length,
    mostInWindow: mostWithin(granted, perSeconds * 1000),
    sent,
    failures,
    ledgerCalls,
  }
}

/**
 * The most that some closed interval so long holds for certain: sent after it began, here before it ended. Whatever else
 * the machine does meanwhile makes this less, never more.
 */
export function mostWithin(arrivals: readonly Arrival[], perMs: number): number {
  const sorted = arrivals.toSorted((a, b) => a.atMs - b.atMs)
  let most = 0
  for (const { sentMs: fromMs } of arrivals) {
    let inside = 0
    for (const { sentMs, atMs } of sorted) {
      if (atMs > fromMs + perMs) break
      if (sentMs >= fromMs) inside += 1
    }
    most = Math.max(most, inside)
  }
  return most
}

/** Medians of rounds with limits over rounds without. */
export function compared<R extends { readonly limited: boolean }>(
  rounds: readonly R[],
  figure: (round: R) => number,
): { readonly limited: number; readonly unlimited: number } {
  const of = (limited: boolean): number => median(rounds.filter((round) => round.limited === limited).map(figure))
  return { limited: of(true), unlimited: of(false) }
}
