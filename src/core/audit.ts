/** What an audit entry may carry: bounded, and only what differs. No I/O. */
import type { AuditEntry } from './control.ts'
import { AUDIT_SIDE_CHARS_MAX } from './limits.ts'

/** An entry without its sides where they say nothing, and with a note where a side is too long to keep. */
export function auditEntry(
  head: Pick<AuditEntry, 'id' | 'at' | 'actor' | 'action' | 'subject'>,
  sides: { before?: unknown; after?: unknown } = {},
): AuditEntry {
  return {
    ...head,
    ...(sides.before === undefined ? {} : { before: bounded(sides.before) }),
    ...(sides.after === undefined ? {} : { after: bounded(sides.after) }),
  }
}

/** The members of an object that a change named, for the two sides of an entry. */
export function picked(value: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name): [string, unknown] => [name, Reflect.get(value, name) ?? null]))
}

function bounded(side: unknown): unknown {
  const chars = JSON.stringify(side).length
  return chars <= AUDIT_SIDE_CHARS_MAX ? side : { omitted: `${chars} characters of JSON` }
}
