/** Starts what the pool lane needs, and runs it: replicas, a Sluice before them, and one whose object alone is asked. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildWorker } from '../support/build.ts'
import { projectFolder } from '../support/options.ts'
import { type Place, startSluice } from './contenders.ts'
import { cpuMs } from './cpu.ts'
import type { LaneOptions } from './lanes.ts'
import { poolConfigOf } from './pool-config.ts'
import { busyRun, fairRuns, slowRun } from './pool-crowds.ts'
import { chatsRuns, costRounds, type PoolOptions } from './pool-lane.ts'
import { startReplicas } from './pool-origins.ts'
import { type PairsJob, type PairsRun, pairsConfig } from './pool-pairs.ts'
import type { MeteredPairs, PoolResults } from './pool-report.ts'
import type { PoolLoad } from './pool-types.ts'
import type { RecallLoad } from './recall-lane.ts'
import { configOf } from './sluice.ts'

const NAMES = ['a', 'b', 'c', 'd']
/** A replica's engine. Its memory holds what a quarter of the conversations needs, and not much more. */
const ENGINE = { prefill: 3000, decode: 50, kvTokens: 45_000 }
const CONVERSATIONS = 64
const CROWD_MS = { quick: 12_000, full: 25_000 }
/** Requests of the pool's object under way at a time: some of them wait for their turn. */
const PAIRS_AT_ONCE = 64
/** Until the index is full and the code compiled. */
const PAIRS_WARM_MS = 5000
const PAIRS_MEASURE_MS = 5000
/** Ports of the lane after the upstream's. */
const [PORT, PAIRS_PORT] = [12, 13]
const ENTRY = 'scripts/bench/pool-worker/index.ts'

/** Runs the lane. */
export async function poolRun(
  place: Place,
  load: PoolLoad & RecallLoad,
  { rounds, warmMs, measureMs, progress }: LaneOptions,
  isQuick: boolean,
): Promise<PoolResults> {
  const options: PoolOptions = {
    rounds,
    warmMs,
    measureMs,
    conversations: CONVERSATIONS,
    crowdMs: isQuick ? CROWD_MS.quick : CROWD_MS.full,
    engine: ENGINE,
    progress,
    sleep,
  }
  const [pooled, single] = await Promise.all([
    startReplicas(NAMES, ENGINE, place.lifetime),
    startReplicas(NAMES, ENGINE, place.lifetime),
  ])
  const folder = join(place.folder, 'pool')
  await mkdir(folder)
  const config = poolConfigOf(pooled, single, ENGINE)
  const sluice = await startSluice({ ...place, folder, port: place.port + PORT }, 1, config)
  const all = { port: sluice.port, headers: sluice.headers, admission: sluice.admission, pooled, single }
  const chats = await chatsRuns(all, load, options)
  const fair = await fairRuns(all, load, options)
  const slow = await slowRun(all, load, options)
  const busy = await busyRun(all, load, options)
  const cost = await costRounds(all, load, options)
  return { chats, fair, slow, busy, cost, pairs: await pairsRun(place, options) }
}

/** One isolate has the object, the other one asks it. CPU time is the process's: the asker's is in it. */
export async function pairsRun(place: Place, { progress }: Pick<PoolOptions, 'progress'>): Promise<MeteredPairs> {
  progress('pool lane: pairs of one object')
  const folder = join(place.folder, 'pairs')
  await mkdir(folder)
  const built = join(folder, 'built')
  await buildWorker(projectFolder, built, join(projectFolder, ENTRY))
  const start = { ...place, folder, port: place.port + PAIRS_PORT }
  const { ports, pid } = await startSluice(start, 2, (upstream) => pairsConfig(configOf(upstream)), built)
  const run = async (first: number, measureMs: number): Promise<PairsRun> => {
    const job: PairsJob = { atOnce: PAIRS_AT_ONCE, measureMs, first }
    const reply = await fetch(`http://127.0.0.1:${ports[1]}/bench/pairs`, { method: 'POST', body: JSON.stringify(job) })
    if (!reply.ok) throw new Error(`the loop over the pool's object answered ${reply.status}: ${await reply.text()}`)
    return (await reply.json()) as PairsRun
  }
  const { asked } = await run(0, PAIRS_WARM_MS)
  const before = cpuMs(pid)
  const measured = await run(asked, PAIRS_MEASURE_MS)
  return { ...measured, perCpuSecond: (1000 * measured.asked) / (cpuMs(pid) - before) }
}
