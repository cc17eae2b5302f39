/** What an isolate knows of one shard of a cache without asking it. Plain values. No I/O. */
import { Bloom } from './bloom.ts'
import type { DigestKnown, DigestNews } from './digest.ts'
import {
  CACHE_ABSENT_MS,
  CACHE_ABSENT_REFRESH_MS,
  CACHE_DIGEST_ADDED_MAX,
  CACHE_DIGEST_MS,
  CACHE_MARK_FRESH_MS,
  CACHE_MARK_REFRESH_MS,
} from './limits.ts'

/** What a shard says of itself with every answer. */
export interface ShardNews {
  readonly mark: string
  readonly digest: DigestNews | null
}

/** `CacheKnowledge` of stores/types.ts: the same object as long as it says the same. */
export interface Knowledge {
  readonly mark: string | null
  readonly mayHold: boolean
}

/** Of a shard that is not known. */
export const UNKNOWN: Knowledge = { mark: null, mayHold: true }

/** Its digest and mark, and from when they are: from when the question was sent, for the answer may be as old. */
export class KnownShard {
  #filter: Bloom | null = null
  #known: DigestKnown | null = null
  #confirmedMs = Number.NEGATIVE_INFINITY
  #askedMs = Number.NEGATIVE_INFINITY
  /** What this isolate has told lately: an answer to an older question does not name it. */
  #told: string[] = []
  #holds: Knowledge = UNKNOWN
  #lacks: Knowledge = UNKNOWN

  /** What the shard is told is known, with the next question. */
  get known(): DigestKnown | null {
    return this.#known
  }

  /** What is known of a key, and whether the shard should be asked anew in the background. */
  know(key: string, nowMs: number, due: () => void): Knowledge {
    const ageMs = nowMs - this.#confirmedMs
    if (ageMs > CACHE_MARK_FRESH_MS) return UNKNOWN
    const isAbsent = ageMs <= CACHE_ABSENT_MS && this.#filter?.mayHold(key) === false
    if (ageMs > (isAbsent ? CACHE_ABSENT_REFRESH_MS : CACHE_MARK_REFRESH_MS) && !this.#isAsked(nowMs)) due()
    return isAbsent ? this.#lacks : this.#holds
  }

  /** A question goes out. A flag in memory of requests that may be gone: it is void after twice the question's deadline. */
  asking(nowMs: number): void {
    this.#askedMs = nowMs
  }

  /** It was answered, or failed. */
  asked(): void {
    this.#askedMs = Number.NEGATIVE_INFINITY
  }

  /** The answer to a question that was sent at `sentMs`. One that overtook it knows more. */
  learn({ mark, digest }: ShardNews, sentMs: number): void {
    if (sentMs < this.#confirmedMs) return
    if (digest !== null && !this.#apply(digest)) return
    this.#confirmedMs = sentMs
    if (mark === this.#holds.mark) return
    this.#holds = { mark, mayHold: true }
    this.#lacks = { mark, mayHold: false }
  }

  /** This isolate has told the shard of a value. */
  told(key: string): void {
    this.#told.push(key)
    if (this.#told.length >= 2 * CACHE_DIGEST_ADDED_MAX) this.#told = this.#told.slice(-CACHE_DIGEST_ADDED_MAX)
    this.#filter?.add(key)
  }

  #isAsked(nowMs: number): boolean {
    return nowMs - this.#askedMs < 2 * CACHE_DIGEST_MS
  }

  /** False for news that do not fit what is known: the question was of another time. */
  #apply(news: DigestNews): boolean {
    const { epoch, seq } = news
    const isSame = epoch === this.#known?.epoch
    // What was learned since includes it.
    if (isSame && seq < (this.#known?.seq ?? 0)) return true
    if ('filter' in news) {
      this.#filter = Bloom.from(news.filter)
      for (const key of this.#told) this.#filter?.add(key)
    } else {
      if (!isSame) return false
      for (const key of news.added) this.#filter?.add(key)
    }
    this.#known = this.#filter === null ? null : { epoch, seq }
    return true
  }
}
