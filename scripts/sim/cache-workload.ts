/** Made-up look-ups of a cache: which key, how large its value is, and what a hit saves. No I/O. */

/** One look-up, and the value that is put where it misses. */
export interface LookUp {
  readonly key: string
  readonly bytes: number
  /** Micro-dollars. */
  readonly saved: number
}

/** What a load is made of. */
export interface Load {
  readonly lookUps: number
  readonly keys: number
  /** Of the Zipf law: the n-th most popular key is asked for n^-exponent as often as the first. */
  readonly exponent: number
  /** Every so many look-ups a scan begins: so many keys in a row that are never asked for again. 0: none. */
  readonly scanEvery: number
  readonly scanLength: number
}

/** Zipf(0.9), as web caches see it. */
export const ZIPF: Load = { lookUps: 400_000, keys: 100_000, exponent: 0.9, scanEvery: 0, scanLength: 0 }
/** The same between scans: half of all look-ups are for keys that never come again. */
export const SCANS: Load = { ...ZIPF, scanEvery: 8000, scanLength: 8000 }

/** Replies of a few kilobytes, now and then of a hundred. */
const BYTES_MEDIAN = 2500
const BYTES_DEVIATION = 1
const BYTES_MIN = 300
const BYTES_MAX = 350_000
/** Micro-dollars per byte of a reply: of a small model, a middling one, a large one. */
const PRICES = [0.05, 0.5, 3] as const

/** The look-ups of a load in order. `random` as Math.random: the same numbers, the same load. */
export function* lookUpsOf(load: Load, random: () => number): Generator<LookUp> {
  const popular = Array.from({ length: load.keys }, (_, index) => drawnValue(`popular-${index}`, random))
  const upTo = cumulative(load)
  let scanned = 0
  for (let count = 0; count < load.lookUps; count += 1) {
    const since = load.scanEvery === 0 ? -1 : (count % (load.scanEvery + load.scanLength)) - load.scanEvery
    if (since >= 0) {
      scanned += 1
      yield drawnValue(`scanned-${scanned}`, random)
    } else {
      const lookUp = popular[rankOf(upTo, random())]
      if (lookUp !== undefined) yield lookUp
    }
  }
}

function drawnValue(key: string, random: () => number): LookUp {
  const bytes = Math.round(BYTES_MEDIAN * Math.exp(BYTES_DEVIATION * normal(random)))
  const size = Math.min(BYTES_MAX, Math.max(BYTES_MIN, bytes))
  const price = PRICES[Math.floor(random() * PRICES.length)] ?? 1
  return { key, bytes: size, saved: 1 + price * size }
}

/** The share of look-ups that are for one of the first n keys, for each n. */
function cumulative({ keys, exponent }: Load): Float64Array {
  const upTo = new Float64Array(keys)
  let sum = 0
  for (let rank = 0; rank < keys; rank += 1) {
    sum += (rank + 1) ** -exponent
    upTo[rank] = sum
  }
  return upTo.map((value) => value / sum)
}

/** The first rank whose share reaches `share`, by halving. */
function rankOf(upTo: Float64Array, share: number): number {
  let [low, high] = [0, upTo.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((upTo[middle] ?? 1) < share) low = middle + 1
    else high = middle
  }
  return low
}

/** A standard normal deviate (Box and Muller, 1958). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
