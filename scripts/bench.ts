/** `npm run bench`: Sluice against a bare pass-through Worker and Portkey, interleaved, in medians and ratios. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { chatReply } from './bench/body.ts'
import { type BurstResult, burstRun, burstVerdicts } from './bench/burst.ts'
import {
  direct,
  findPortkey,
  type Place,
  type SluiceContender,
  startFloor,
  startHasher,
  startPairs,
  startPortkey,
  startSluice,
} from './bench/contenders.ts'
import { residentMb } from './bench/cpu.ts'
import { type LaneOptions, type Load, streamsLane, wholeLane } from './bench/lanes.ts'
import {
  type Arrivals,
  coldRounds,
  exactRun,
  hotRounds,
  type LimitsLoad,
  type LimitsOptions,
} from './bench/limits-lane.ts'
import { type LimitsResults, limitsTable, limitsVerdicts } from './bench/limits-report.ts'
import { poolConfigOf } from './bench/pool-config.ts'
import { busyRun, fairRuns, slowRun } from './bench/pool-crowds.ts'
import { chatsRuns, costRounds, ENGINE, type PoolOptions, REPLICA_NAMES } from './bench/pool-lane.ts'
import { startReplicas } from './bench/pool-origins.ts'
import { meteredPairs } from './bench/pool-pairs.ts'
import { type PoolResults, poolTables, poolVerdicts } from './bench/pool-report.ts'
import type { PoolLoad } from './bench/pool-types.ts'
import { recallConfigOf } from './bench/recall-config.ts'
import { hitRounds, missRounds, type RecallLoad, type RecallOptions } from './bench/recall-lane.ts'
import { meaningRounds } from './bench/recall-meaning.ts'
import { memoryRun } from './bench/recall-memory.ts'
import { memoryTable, memoryVerdicts, type RecallResults, recallTables, recallVerdicts } from './bench/recall-report.ts'
import { streamsRows, verdicts, wholeRows } from './bench/report.ts'
import { streamsTable, verdictLines, wholeTable } from './bench/table.ts'
import type { Contender } from './bench/types.ts'
import { type Lifetime, processLifetime } from './support/lifetime.ts'
import { projectFolder } from './support/options.ts'

const usage = `npm run bench -- [--lane 1|2|limits|3|memory|pool]… [--rounds 7] [--seconds 5] [--quick] [--json FILE]
  [--portkey DIR]  a folder with @portkey-ai/gateway, if it is not among the project's own packages
  [--only NAME]…   floor, sluice, portkey   [--port 9400]  the first of sixteen ports`

/** Load average from which the machine has other work, and requests per second say little. */
const BUSY = 1
/** Over so many isolates limits must be exact. */
const ISOLATES = 4

const values = readArguments()

function readArguments() {
  try {
    const read = parseArgs({
      options: {
        lane: { type: 'string', multiple: true, default: ['1', '2', 'limits', '3', 'memory', 'pool'] },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        portkey: { type: 'string' },
        only: { type: 'string', multiple: true, default: ['floor', 'sluice', 'portkey'] },
        port: { type: 'string', default: '9400' },
        help: { type: 'boolean', default: false },
      },
    })
    for (const name of ['rounds', 'seconds', 'port'] as const) {
      const text = read.values[name]
      if (text !== undefined && !(Number(text) > 0)) throw new TypeError(`--${name} must be a number above 0`)
    }
    if (read.values.help) {
      console.log(usage)
      process.exit()
    }
    return read.values
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    process.exit(2)
  }
}

const asksFor = (lane: string): boolean => values.lane.includes(lane)

/** Starts a helper's process; it ends with ours. */
function helper(lifetime: Lifetime, file: string, ...args: string[]): ChildProcess {
  const child = fork(join(import.meta.dirname, file), args)
  lifetime.onStop(async () => void child.kill())
  child.once('exit', (code, signal) => {
    if (lifetime.stopping()) return
    console.error(`${file} ended by itself (${signal ?? `exit code ${code}`})`)
    void lifetime.stop(2)
  })
  return child
}

/** The contenders that were asked for and are there, with the direct way first. */
async function startAll(place: Place, upstream: ChildProcess): Promise<Contender[]> {
  const contenders = [direct(place.upstreamPort, upstream.pid ?? 0)]
  const portkey = findPortkey(values.portkey ?? projectFolder)
  if (values.only.includes('floor')) contenders.push(await startFloor({ ...place, port: place.port + 1 }))
  if (values.only.includes('sluice')) contenders.push(await startSluice({ ...place, port: place.port + 2 }))
  if (values.only.includes('portkey') && portkey !== undefined) {
    contenders.push(await startPortkey({ ...place, port: place.port + 3 }, portkey))
  }
  return contenders
}

/** The same Sluice, asked in the protocols that it translates. */
function translated(contenders: readonly Contender[]): Contender[] {
  const sluice = contenders.filter(({ name }) => name === 'sluice')
  return sluice.flatMap((one) => (['messages', 'responses'] as const).map((skin) => ({ ...one, name: skin, skin })))
}

/** The same Sluice, asked for streams that outlive their clients. */
function detaching(contenders: readonly Contender[]): Contender[] {
  return contenders
    .filter(({ name }) => name === 'sluice')
    .map((one) => ({ ...one, name: 'detached', headers: { ...one.headers, 'x-sluice-on-disconnect': 'detach' } }))
}

/** Lane 2's burst; absent where Sluice is not asked for. */
function burst(contenders: readonly Contender[], load: Load, options: LaneOptions): Promise<BurstResult> | undefined {
  const [direct, detached] = [contenders[0], detaching(contenders)[0]]
  return direct === undefined || detached === undefined ? undefined : burstRun({ direct, detached }, load, options)
}

/** The limits lane, on a Sluice of one isolate and on one of four. */
async function limitsLane(
  place: Place,
  upstream: ChildProcess,
  load: LimitsLoad,
  options: LimitsOptions,
): Promise<LimitsResults> {
  const start = async (isolates: number, port: number): Promise<SluiceContender> =>
    await startSluice(await placeIn(place, `limits-${isolates}`, port), isolates)
  const arrivals: Arrivals = {
    begin: async () => {
      upstream.send('begin')
      await once(upstream, 'message')
    },
    end: async () => {
      upstream.send('end')
      return (await once(upstream, 'message'))[0]
    },
  }
  const one = await start(1, place.port + 4)
  const hot = await hotRounds(one, load, options)
  const cold = await coldRounds(one, load, options)
  const exact = await exactRun(await start(ISOLATES, place.port + 5), load, arrivals, options)
  return { hot, cold, exact }
}

/** A place of a lane's own in another one. */
async function placeIn(place: Place, name: string, port: number): Promise<Place> {
  const folder = join(place.folder, name)
  await mkdir(folder)
  return { ...place, folder, port }
}

/** A Sluice of one isolate with the recall lane's config. */
const startRecalling = async (place: Place, name: string, port: number): Promise<SluiceContender> =>
  await startSluice(await placeIn(place, name, port), 1, recallConfigOf)

/** Lane 3: hits, misses, and hits by meaning. */
async function recallLane(place: Place, load: RecallLoad, options: RecallOptions): Promise<RecallResults> {
  const hasher = await startHasher({ ...place, port: place.port + 9 }, chatReply(200))
  const lane = { hasher, sluice: await startRecalling(place, 'recall', place.port + 10) }
  const hits = await hitRounds(lane, load, options)
  const misses = await missRounds(lane, load, options)
  return { hits, misses, meaning: await meaningRounds(lane, load, options) }
}

/** The pool lane: replicas of its own behind a Sluice, and one whose pool's object alone is asked. */
async function poolLane(place: Place, load: PoolLoad & RecallLoad, options: PoolOptions): Promise<PoolResults> {
  const start = () => startReplicas(REPLICA_NAMES, ENGINE, place.lifetime)
  const [pooled, single] = await Promise.all([start(), start()])
  const own = await placeIn(place, 'pool', place.port + 12)
  const sluice = await startSluice(own, 1, poolConfigOf(pooled, single, ENGINE))
  const lane = { ...sluice, pooled, single }
  const chats = await chatsRuns(lane, load, options)
  const fair = await fairRuns(lane, load, options)
  const slow = await slowRun(lane, load, options)
  const busy = await busyRun(lane, load, options)
  const cost = await costRounds(lane, load, options)
  options.progress("pool lane: pairs of a pool's object")
  const { run, cpuMs } = await startPairs(await placeIn(place, 'pairs', place.port + 13))
  return { chats, fair, slow, busy, cost, pairs: await meteredPairs(run, cpuMs) }
}

async function bench(lifetime: Lifetime): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  lifetime.onStop(() => rm(folder, { recursive: true, force: true }))
  const port = Number(values.port)
  const place: Place = { port, upstreamPort: port, folder, lifetime }
  const upstream = helper(lifetime, 'bench/upstream.ts', String(port))
  await once(upstream, 'message')
  const contenders = asksFor('1') || asksFor('2') ? await startAll(place, upstream) : []
  const loader = helper(lifetime, 'bench/load.ts')
  const load: Load & LimitsLoad & RecallLoad & PoolLoad = async (job: object) => {
    loader.send(job)
    const [result] = await once(loader, 'message')
    return result
  }
  const options: LaneOptions = {
    rounds: Number(values.rounds ?? (values.quick ? 3 : 7)),
    measureMs: 1000 * Number(values.seconds ?? (values.quick ? 1 : 5)),
    warmMs: values.quick ? 300 : 500,
    streamsAtOnce: 200,
    streamsInAll: values.quick ? 400 : 600,
    progress: (text) => console.error(text),
  }
  const limitsOptions: LimitsOptions = {
    ...options,
    exactPerSeconds: values.quick ? 3 : 10,
    exactOfferedPerSecond: values.quick ? 200 : 800,
  }
  const recallOptions: RecallOptions = { ...options, questions: values.quick ? 1000 : 10_000, sleep }
  const poolOptions: PoolOptions = { ...options, crowdMs: values.quick ? 12_000 : 25_000, sleep }
  const answers = values.quick ? 10_000 : 100_000
  const startedAt = new Date().toISOString()
  const [busy = 0] = loadavg()
  if (busy > BUSY)
    console.error(`load average ${busy.toFixed(1)}: other work on this machine, only CPU times will hold`)
  const whole = asksFor('1') ? await wholeLane(contenders, load, options) : []
  const streaming = [...contenders, ...translated(contenders), ...detaching(contenders)]
  const streams = asksFor('2') ? await streamsLane(streaming, load, options) : []
  const begun = asksFor('2') ? await burst(contenders, load, options) : undefined
  const rows = { whole: wholeRows(whole), streams: streamsRows(streams) }
  const limits = asksFor('limits') ? await limitsLane(place, upstream, load, limitsOptions) : undefined
  const recall = asksFor('3') ? await recallLane(place, load, recallOptions) : undefined
  const memory = asksFor('memory')
    ? await memoryRun(await startRecalling(place, 'memory', port + 11), load, recallOptions, answers, residentMb)
    : undefined
  const pool = asksFor('pool') ? await poolLane(place, load, poolOptions) : undefined
  const bounds = [
    ...verdicts(rows.whole, rows.streams),
    ...(begun === undefined ? [] : burstVerdicts(begun)),
    ...(limits === undefined ? [] : limitsVerdicts(limits)),
    ...(recall === undefined ? [] : recallVerdicts(recall)),
    ...(memory === undefined ? [] : memoryVerdicts(memory)),
    ...(pool === undefined ? [] : poolVerdicts(pool)),
  ]

  console.log(`${options.rounds} rounds, medians (least–most), ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}\n`)
  if (whole.length > 0) console.log(`Whole replies\n${wholeTable(rows.whole)}\n`)
  if (streams.length > 0) console.log(`Streams\n${streamsTable(rows.streams)}\n`)
  if (limits !== undefined) console.log(`Limits\n${limitsTable(limits)}\n`)
  if (recall !== undefined) console.log(`Recall\n${recallTables(recall)}\n`)
  if (memory !== undefined) console.log(`Memory\n${memoryTable(memory)}\n`)
  if (pool !== undefined) console.log(`Pool\n${poolTables(pool)}\n`)
  if (bounds.length > 0) console.log(verdictLines(bounds))
  if (values.json !== undefined) {
    const report = {
      startedAt,
      loadAverage: busy,
      options,
      ...rows,
      burst: begun,
      limits,
      recall,
      memory,
      pool,
      verdicts: bounds,
      rounds: { whole, streams },
    }
    await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`)
  }
  return bounds.every((bound) => bound.ok)
}

if (import.meta.main) {
  const lifetime = processLifetime()
  try {
    await lifetime.stop((await bench(lifetime)) ? 0 : 1)
  } catch (error) {
    console.error(error)
    await lifetime.stop(2)
  }
}
