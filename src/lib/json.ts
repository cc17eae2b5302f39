/** JSON as it comes from strangers: bounded depth, and integers too large for a double kept as they were written. No I/O. */

/** An integer of 16 digits or more may be beyond 2^53. */
const MAY_BE_LARGE = /[0-9]{16}/

/** What V8 knows of the text of a value it revives. */
interface ReviverContext {
  readonly source?: string
}

/** JSON.parse with source text access, which the type library does not have yet. */
interface LosslessJson {
  parse(text: string, reviver: (key: string, value: unknown, context: ReviverContext) => unknown): unknown
  rawJSON(text: string): unknown
}

/**
 * Parses JSON; throws SyntaxError. An integer that a double cannot hold becomes a raw JSON value, which
 * `JSON.stringify` writes as it was: a seed of 64 bits reaches the provider unchanged.
 */
export function parseLossless(text: string): unknown {
  if (!MAY_BE_LARGE.test(text)) return JSON.parse(text)
  const json = JSON as unknown as LosslessJson
  return json.parse(text, (_, value, { source }) =>
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && source !== undefined
      ? json.rawJSON(source)
      : value,
  )
}

/** Is anything in the value nested deeper than `most`? An array or object counts one. */
export function isDeeperThan(value: unknown, most: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (most === 0) return true
  if (Array.isArray(value)) {
    for (const item of value) if (isDeeperThan(item, most - 1)) return true
    return false
  }
  for (const key in value) if (isDeeperThan((value as Record<string, unknown>)[key], most - 1)) return true
  return false
}
