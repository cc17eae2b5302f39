/** The recall lane's figures → tables and the bounds that are accepted or not. No I/O. */
import type { RecallRound, WayName } from './recall-lane.ts'
import type { MeaningResults } from './recall-meaning.ts'
import type { MemoryResults } from './recall-memory.ts'
import { median } from './stats.ts'
import { aligned } from './table.ts'
import { atLeast, atMost, below, type Verdict } from './verdict.ts'

/** What the lane measured. */
export interface RecallResults {
  readonly hits: readonly RecallRound[]
  readonly misses: readonly RecallRound[]
  readonly meaning: MeaningResults
}

/** Least throughput of hits over the Worker that hashes; latest first byte of a stream. */
const HIT_RATIO_MIN = 0.6
const FIRST_BYTE_MS = 5
/** Least throughput of misses over the same without recall: where memory and digest say no, and where a shard does. */
const DIGEST_RATIO_MIN = 0.92
const HOP_RATIO_MIN = 0.65
const MEANING_ADDED_MAX_MS = 2
/** Paraphrases that must be recalled before their cost means anything. */
const SEMANTIC_SHARE_MIN = 0.5
/**
 * Memory after all answers over that after half of them, when the cache has long been full. Loose: workerd's allocator
 * keeps what it had for hundreds of MB, without a cache just so. And so many answers it takes to tell.
 */
const MEMORY_RATIO_MAX = 1.3
const MEMORY_ANSWERS_MIN = 100_000

/** Ways in which every reply must be of the kind that was meant. */
const STRICT: ReadonlySet<WayName> = new Set(['hit', 'stream', 'plain', 'digest', 'hop', 'store'])

/** The bounds of the acceptance. */
export function recallVerdicts({ hits, misses, meaning }: RecallResults): Verdict[] {
  const all = [...hits, ...misses, ...meaning.rounds]
  const at = [16, 64].map((connections) =>
    atLeast(
      `hits/s over the Worker that only hashes, ${connections} connections`,
      ratio(hits, 'hit', 'hasher', connections),
      HIT_RATIO_MIN,
    ),
  )
  const bad = sum(all, ({ way, others }) => (STRICT.has(way) ? others : 0))
  return [
    ...at,
    below(
      'first byte of a streamed hit, p99 ms',
      of(hits, 'stream', 1, (round) => round.firstP99Ms),
      FIRST_BYTE_MS,
    ),
    atLeast(
      'requests/s over the same without recall, memory and digest say no',
      ratio(misses, 'digest', 'plain'),
      DIGEST_RATIO_MIN,
    ),
    atLeast('requests/s over the same without recall, a shard says no', ratio(misses, 'hop', 'plain'), HOP_RATIO_MIN),
    atLeast('paraphrases recalled once the route has learned', meaning.taught.share, SEMANTIC_SHARE_MIN),
    atMost(
      `p50 that meaning adds, ms, ${meaning.taught.questions} questions`,
      addedByMeaning(meaning),
      MEANING_ADDED_MAX_MS,
    ),
    atMost(
      'failures with recall',
      sum(all, ({ failures }) => failures),
      0,
    ),
    atMost('replies of another kind than was meant', bad, 0),
    atMost(
      'hits that the usage does not count',
      sum(all, ({ hitsLost }) => hitsLost ?? 0),
      0,
    ),
    atMost(
      'runs whose usage was not complete within 2 s',
      sum(all, ({ recorded }) => (recorded?.complete === false ? 1 : 0)),
      0,
    ),
  ]
}

/** The bounds of the memory lane. */
export function memoryVerdicts({ steps, failures }: MemoryResults): Verdict[] {
  const { answers = 0, mb = NaN } = steps.at(-1) ?? {}
  const half = steps.find((step) => step.answers >= answers / 2)?.mb ?? NaN
  const grown = atMost(`memory after ${answers} distinct answers over half of them`, mb / half, MEMORY_RATIO_MAX)
  return [...(answers < MEMORY_ANSWERS_MIN ? [] : [grown]), atMost('failures of distinct answers', failures, 0)]
}

/** The lane as tables: hits, misses, meaning. */
export function recallTables({ hits, misses, meaning }: RecallResults): string {
  const head = ['', 'conns', 'requests/s', 'p50 ms', 'p99 ms', 'first p50', 'first p99', 'CPU ms', '']
  const rows = (rounds: readonly RecallRound[], base: WayName | null): string[][] =>
    [...Map.groupBy(rounds, ({ way, connections }) => `${connections} ${way}`).values()].flatMap((own) => {
      const [first] = own
      if (first === undefined) return []
      const { way, connections } = first
      const figure = (pick: (round: RecallRound) => number, digits: number): string =>
        median(own.map(pick)).toFixed(digits)
      return [
        [
          way,
          String(connections),
          figure((round) => round.requestsPerSecond, 0),
          figure((round) => round.p50Ms, 3),
          figure((round) => round.p99Ms, 3),
          figure((round) => round.firstP50Ms, 3),
          figure((round) => round.firstP99Ms, 3),
          figure((round) => round.cpuMsPerRequest, 3),
          base === null || way === base || way === 'stream'
            ? ''
            : `× ${ratio(rounds, way, base, connections).toFixed(3)} of ${base}`,
        ],
      ]
    })
  const { questions, questionsPerSecond, questionP50Ms, paraphrases, share } = meaning.taught
  const filled = `${questions} questions at ${questionsPerSecond.toFixed(0)}/s (p50 ${questionP50Ms.toFixed(2)} ms)`
  const learned = `${paraphrases} paraphrases until ${(share * 100).toFixed(0)} % were recalled`
  const table = aligned([head, ...rows(hits, 'hasher'), ...rows(misses, 'plain'), ...rows(meaning.rounds, null)])
  return `${table}\n${filled}, ${learned}`
}

/** The memory lane as a table. */
export function memoryTable({ steps, requestsPerSecond }: MemoryResults): string {
  const cells = steps.map(({ answers, mb }) => [String(answers), mb.toFixed(0)])
  return `${aligned([['answers', 'MB'], ...cells])}\n${requestsPerSecond.toFixed(0)} requests/s`
}

function addedByMeaning({ rounds }: MeaningResults): number {
  return compared(
    rounds,
    'semantic',
    'hit',
    1,
    (round) => round.p50Ms,
    (one, other) => one - other,
  )
}

/** Requests per second of one way over another's: the median of the rounds, each against its own. */
function ratio(rounds: readonly RecallRound[], way: WayName, base: WayName, connections?: number): number {
  return compared(
    rounds,
    way,
    base,
    connections,
    (round) => round.requestsPerSecond,
    (one, other) => one / other,
  )
}

function compared(
  rounds: readonly RecallRound[],
  way: WayName,
  base: WayName,
  connections: number | undefined,
  figure: (round: RecallRound) => number,
  compare: (one: number, other: number) => number,
): number {
  const own = rounds.filter((one) => one.way === way && (connections ?? one.connections) === one.connections)
  return median(
    own.map((one) => {
      const other = rounds.find(
        ({ way: name, connections: at, round }) => name === base && at === one.connections && round === one.round,
      )
      return other === undefined ? NaN : compare(figure(one), figure(other))
    }),
  )
}

function of(
  rounds: readonly RecallRound[],
  way: WayName,
  connections: number,
  figure: (round: RecallRound) => number,
): number {
  return median(rounds.filter((one) => one.way === way && one.connections === connections).map(figure))
}

const sum = (rounds: readonly RecallRound[], figure: (round: RecallRound) => number): number =>
  rounds.reduce((total, round) => total + figure(round), 0)
