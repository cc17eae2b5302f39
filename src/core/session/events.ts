/** What who listens to a session is told: one event for each row of its log. No I/O. */
import type { RowKind, SessionRow } from './types.ts'

/** Row → the `type` of the event that tells of it. */
export const EVENT_TYPES: Readonly<Record<RowKind, string>> = {
  turn: 'conversation.turn.completed',
  broken: 'conversation.turn.broken',
  cancelled: 'conversation.turn.cancelled',
  items: 'conversation.items.created',
  message: 'conversation.message',
  loop: 'conversation.loop',
  deleted: 'conversation.item.deleted',
}

/** JSON of an event. `items`: JSON of an array, as it was sealed. */
export function eventText(
  { seq, kind, name, atMs }: Omit<SessionRow, 'sealed' | 'tokens'>,
  items: string | null,
): string {
  const head = { type: EVENT_TYPES[kind], sequence_number: seq, id: name, at: new Date(atMs).toISOString() }
  return items === null ? JSON.stringify(head) : `${JSON.stringify(head).slice(0, -1)},"items":${items}}`
}
