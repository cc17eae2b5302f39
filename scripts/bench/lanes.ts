/** The lanes: every contender once a round, in an order that turns, so that drift of the machine meets all alike. */
import { metered, type Recorded, turned } from './metered.ts'
import { SIZES } from './sluice.ts'
import type { Contender, ContenderName, StreamsJob, StreamsResult, WholeJob, WholeResult } from './types.ts'

const PROBE_MS = 100
const CONNECTIONS = [1, 16, 64] as const

export interface LaneOptions {
  readonly rounds: number
  readonly warmMs: number
  readonly measureMs: number
  readonly streamsAtOnce: number
  /** Streams of one contender in one round. */
  readonly streamsInAll: number
  readonly progress: (text: string) => void
}

export interface WholeRound extends WholeResult {
  readonly contender: ContenderName
  readonly bytes: number
  readonly connections: number
  readonly round: number
  readonly cpuMsPerRequest: number
  readonly recorded?: Recorded
}

export interface StreamsRound extends StreamsResult {
  readonly contender: ContenderName
  readonly round: number
  readonly cpuMsPerStream: number
  readonly recorded?: Recorded
}

/** Sends a job to the load's process. */
export type Load = {
  (job: WholeJob): Promise<WholeResult>
  (job: StreamsJob): Promise<StreamsResult>
}

/** Lane 1: whole replies, every size at every number of connections. */
export async function wholeLane(
  contenders: readonly Contender[],
  load: Load,
  options: LaneOptions,
): Promise<WholeRound[]> {
  const results: WholeRound[] = []
  const { warmMs, measureMs } = options
  const probe: Probe = async ({ port, headers }) =>
    (await load({ kind: 'whole', port, headers, bytes: SIZES[0], connections: 1, warmMs: 0, measureMs: PROBE_MS }))
      .failures
  const able = await answering(contenders, probe, options.progress)
  for (let round = 0; round < options.rounds; round += 1) {
    for (const bytes of SIZES) {
      for (const connections of CONNECTIONS) {
        options.progress(`lane 1, round ${round + 1}/${options.rounds}: ${bytes} B, ${connections} connections`)
        for (const contender of turned(able, round)) {
          const { port, headers, name } = contender
          const job = { kind: 'whole', port, headers, bytes, connections, warmMs, measureMs } as const
          const { result, ms, recorded } = await metered(
            contender,
            () => load(job),
            (one) => one.sent,
          )
          results.push({
            ...result,
            contender: name,
            bytes,
            connections,
            round,
            cpuMsPerRequest: ms / result.sent,
            ...recorded,
          })
        }
      }
    }
  }
  return results
}

/** Lane 2: streams. */
export async function streamsLane(
  contenders: readonly Contender[],
  load: Load,
  options: LaneOptions,
): Promise<StreamsRound[]> {
  const results: StreamsRound[] = []
  const probe: Probe = async ({ port, headers, skin = 'chat' }) =>
    (await load({ kind: 'streams', port, headers, skin, atOnce: 1, inAll: 1 })).failures
  const able = await answering(contenders, probe, options.progress)
  for (let round = 0; round < options.rounds; round += 1) {
    options.progress(`lane 2, round ${round + 1}/${options.rounds}: ${options.streamsAtOnce} streams at once`)
    for (const contender of turned(able, round)) {
      const { port, headers, name, skin = 'chat' } = contender
      const job = {
        kind: 'streams',
        port,
        headers,
        skin,
        atOnce: options.streamsAtOnce,
        inAll: options.streamsInAll,
      } as const
      const { result, ms, recorded } = await metered(
        contender,
        () => load(job),
        (one) => one.streams,
      )
      results.push({ ...result, contender: name, round, cpuMsPerStream: ms / result.streams, ...recorded })
    }
  }
  return results
}

/**
 * The contenders that answer such a job at all. Sluice and the floor must: a lane without them would show nothing.
 * Portkey 1.15.2 on Node fails every stream whose headers it cannot extend, and is then left out by name.
 */
async function answering(
  contenders: readonly Contender[],
  probe: Probe,
  progress: LaneOptions['progress'],
): Promise<Contender[]> {
  const able: Contender[] = []
  for (const contender of contenders) {
    if ((await probe(contender)) === 0) able.push(contender)
    else if (contender.name === 'portkey') progress('portkey fails every request of this lane here, and is left out')
    else throw new Error(`${contender.name} fails the requests of this lane`)
  }
  return able
}

/** Failures of a short job. */
type Probe = (contender: Contender) => Promise<number>
