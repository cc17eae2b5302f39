/** The recall lane's part about meaning: what a hit by meaning costs beside one by the very words, embedding apart. */
import {
  inTurns,
  jobOf,
  type RecallLoad,
  type RecallOptions,
  type RecallPlace,
  type RecallRound,
  type Way,
} from './recall-lane.ts'

const FILL_CONNECTIONS = 16
/** Paraphrases are asked so many at a time, until most of them are answered by meaning; and how many at most. */
const TEACH_STEP = 200
const TEACH_MAX = 4000
const TAUGHT_SHARE = 0.5
/** Paraphrases that are then asked in turn: few enough for their vectors to stay in memory. */
const REPEATED = 200
const RECALLABLE_MS = 1500

/** How the route came to recall. */
export interface Taught {
  /** Questions that were known before, and what they took. */
  readonly questions: number
  readonly questionsPerSecond: number
  readonly questionP50Ms: number
  /** Paraphrases asked until most were answered by meaning, and the share that was, of the last ones. */
  readonly paraphrases: number
  readonly share: number
}

export interface MeaningResults {
  readonly taught: Taught
  /** `hit` and `semantic`. */
  readonly rounds: readonly RecallRound[]
}

/** Fills the route with questions, paraphrases them until it recalls, then measures on one connection. */
export async function meaningRounds(
  place: RecallPlace,
  load: RecallLoad,
  options: RecallOptions,
): Promise<MeaningResults> {
  const { questions, progress } = options
  const again: Way = {
    name: 'semantic',
    contender: place.sluice,
    kind: 'semantic',
    model: 'means',
    opening: 'again',
    questions: () => [0, questions],
  }
  const same: Way = { ...again, name: 'hit', kind: 'hit', opening: 'question', questions: () => [0, 1] }
  progress(`recall lane, meaning: ${questions} questions`)
  const filled = await load({
    ...jobOf(same, FILL_CONNECTIONS, options),
    warmMs: 0,
    count: questions,
    inAll: questions,
  })
  if (filled.failures > 0) throw new Error(`${filled.failures} of ${questions} questions failed`)
  await options.sleep(RECALLABLE_MS)
  const { paraphrases, share } = await teach(again, load, options)
  // Asked once more before, so that what is measured has its vectors in memory.
  const repeated: Way = { ...again, questions: () => [paraphrases, REPEATED] }
  await load({ ...jobOf(repeated, 1, options), inAll: REPEATED })
  const rounds = await inTurns(place, [same, repeated], 1, load, options)
  const { requestsPerSecond: questionsPerSecond, p50Ms: questionP50Ms } = filled
  return { taught: { questions, questionsPerSecond, questionP50Ms, paraphrases, share }, rounds }
}

/** Each paraphrase is asked once: whatever was answered is a hit by its very words from then on. */
async function teach(
  again: Way,
  load: RecallLoad,
  options: RecallOptions,
): Promise<{ paraphrases: number; share: number }> {
  const most = Math.min(TEACH_MAX, options.questions - REPEATED)
  let paraphrases = 0
  let share = 0
  while (share < TAUGHT_SHARE && paraphrases + TEACH_STEP <= most) {
    const job = { ...jobOf(again, FILL_CONNECTIONS, options), first: paraphrases, inAll: TEACH_STEP }
    const { kinds } = await load(job)
    paraphrases += TEACH_STEP
    share = (kinds.semantic?.sent ?? 0) / TEACH_STEP
    options.progress(`recall lane, meaning: ${paraphrases} paraphrases, ${Math.round(share * 100)} % recalled`)
  }
  return { paraphrases, share }
}
