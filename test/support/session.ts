/** Sessions in a test's hand: rows whose seal is their text, turns that run, and what becomes of them. */
import type { BeginAsk, Begun, EndAsk, NewRow, SessionPolicy } from '../../src/core/session/types.ts'

export const POLICY: SessionPolicy = { ttlMs: 3_600_000, loopRepeats: 0 }

/** A row with one item, or as many as have ids. */
export const rowOf = (name: string, more: Partial<NewRow> = {}): NewRow => ({
  name,
  sealed: `sealed ${name}`,
  clear: `[{"id":"item_${name}"}]`,
  tokens: 10,
  ids: [`item_${name}`],
  print: null,
  ...more,
})

export const askOf = (turnId: string, more: Partial<BeginAsk> = {}): BeginAsk => ({
  turnId,
  known: null,
  waitMs: 0,
  create: true,
  tokensMax: 1_000_000,
  policy: POLICY,
  ...more,
})

/** The end of a turn that has begun so. */
export const endOf = (turnId: string, begun: Begun, more: Partial<EndAsk> = {}): EndAsk => {
  if (begun.kind !== 'begun') throw new Error(`it did not begin: ${begun.kind}`)
  const { version, birth } = begun
  return { turnId, version, birth, row: rowOf(turnId), target: null, policy: POLICY, ...more }
}

/** Names of the rows that a turn began with. */
export const namesIn = (begun: Begun): string[] => {
  if (begun.kind !== 'begun') throw new Error(`it did not begin: ${begun.kind}`)
  return begun.rows.map(({ name }) => name)
}
