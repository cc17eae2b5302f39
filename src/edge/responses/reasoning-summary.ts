/** Does a request ask for reasoning as a summary? No I/O. */
import { isObject, members } from '../../core/loose.ts'

type Json = Readonly<Record<string, unknown>>

/** The fields of `reasoning` that ask; the second is the older one. */
const FIELDS: ReadonlySet<string> = new Set(['summary', 'generate_summary'])
const KINDS: ReadonlySet<unknown> = new Set(['auto', 'concise', 'detailed'])

/** Does this field of `reasoning` ask for one? */
export const isSummaryWish = (name: string, value: unknown): boolean => FIELDS.has(name) && KINDS.has(value)

/**
 * `request`: the caller's body. Clients that ask read summaries alone, so that they are given the reasoning itself as one:
 * nobody writes a shorter one here.
 */
export const asksForSummary = ({ reasoning }: Json): boolean =>
  isObject(reasoning) && members(reasoning).some(([name, value]) => isSummaryWish(name, value))
