/** Reading a caller's JSON: every field may be missing, null or of any type. No I/O. */

import { isObject } from '../../core/loose.ts'

export { isObject, items as listOf } from '../../core/loose.ts'

export type Json = Readonly<Record<string, unknown>>

/** The string, or undefined for everything else. */
export const stringOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** The number. One that the edge kept as its digits (`JSON.rawJSON`, beyond 2^53) is read as the nearest double. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (!isObject(value) || typeof value.rawJSON !== 'string') return undefined
  const number = Number(value.rawJSON)
  return Number.isFinite(number) ? number : undefined
}
