/** What a pool's choice is told by, and to whom. */
import { expect, it } from 'vitest'
import { POOL_CANDIDATES_CHARS_MAX } from '../../src/core/pool/probe-limits.ts'
import type { ChoiceCandidate, PlacedChoice } from '../../src/core/pool/types.ts'
import { poolDebugHeaders } from '../../src/edge/pool-debug.ts'

const candidate = (replica: string, more: Partial<ChoiceCandidate> = {}): ChoiceCandidate => ({
  replica,
  matchedBlocks: 0,
  inflightTokens: 0,
  requests: 0,
  ...more,
})
const CHOICE: PlacedChoice = {
  replica: 'a',
  reason: 'warm',
  matchedBlocks: 12,
  blocks: 40,
  candidates: [
    candidate('a', { matchedBlocks: 12, inflightTokens: 3400.4, requests: 2 }),
    candidate('b', { inflightTokens: 900, requests: 1 }),
  ],
}

it('tells everybody of their own prompt, and nothing of replicas or of what others have there', () => {
  expect(poolDebugHeaders(CHOICE, false)).toEqual({ 'x-sluice-pool-reason': 'warm', 'x-sluice-pool-match': '12/40' })
})

it('tells an operator what was chosen, from what', () => {
  expect(poolDebugHeaders(CHOICE, true)).toEqual({
    'x-sluice-pool-reason': 'warm',
    'x-sluice-pool-match': '12/40',
    'x-sluice-replica': 'a',
    'x-sluice-pool-candidates': 'a;match=12;load=3400;requests=2, b;match=0;load=900;requests=1',
  })
})

it.each(['saturated', 'only'] as const)('does not tell callers how much others ask: %s', (reason) => {
  expect(poolDebugHeaders({ ...CHOICE, reason }, false)).toEqual({ 'x-sluice-pool-match': '12/40' })
  expect(poolDebugHeaders({ ...CHOICE, reason }, true)['x-sluice-pool-reason']).toBe(reason)
})

it('has nothing more to tell of a choice without candidates', () => {
  const blind: PlacedChoice = { reason: 'degraded', replica: 'a', matchedBlocks: 0, blocks: 0, candidates: [] }
  const own = { 'x-sluice-pool-reason': 'degraded', 'x-sluice-pool-match': '0/0' }
  expect(poolDebugHeaders(blind, false)).toEqual(own)
  expect(poolDebugHeaders(blind, true)).toEqual({ ...own, 'x-sluice-replica': 'a' })
})

it('lists as many as there is room for, each whole', () => {
  const candidates = Array.from({ length: 256 }, (_, index) => candidate(`replica-${index}`))
  const list = poolDebugHeaders({ ...CHOICE, candidates }, true)['x-sluice-pool-candidates'] ?? ''
  const told = list.split(', ')
  expect(list.length).toBeLessThanOrEqual(POOL_CANDIDATES_CHARS_MAX)
  expect(told.length).toBeGreaterThan(10)
  expect(told).toEqual(told.map((_, index) => `replica-${index};match=0;load=0;requests=0`))
})

it('writes any name so that a header holds it and it stays one entry', () => {
  const candidates = [candidate('wörker, x;load=0\r\nx-evil: 1'), candidate('y'.repeat(1000))]
  const headers = poolDebugHeaders({ ...CHOICE, candidates }, true)
  expect(headers['x-sluice-pool-candidates']).toMatch(/^w_rker__x_load_0__x-evil:_1;match=0/)
  expect(headers['x-sluice-pool-candidates']?.split(', ')).toHaveLength(2)
})
