/** Where a request would go, and how it would stand in line there. */
import { describe, expect, it } from 'vitest'
import { costOf, Placement } from '../../../src/core/pool/placement.ts'
import { Roster } from '../../../src/core/pool/roster.ts'
import { TenantCounters } from '../../../src/core/pool/tenant-counters.ts'
import { Waiting } from '../../../src/core/pool/waiting.ts'
import { blocksOf, RULES, replicasOf, requestOf } from '../../support/pool.ts'

function made(...ids: string[]) {
  const roster = new Roster()
  roster.configure(RULES, replicasOf(...ids), 0)
  const waiting = new Waiting(new TenantCounters())
  return { roster, waiting, placement: new Placement(RULES, roster, waiting) }
}

describe('placement', () => {
  it('tells of each replica what it has and how long it would take', () => {
    const { roster, placement } = made('a', 'b')
    roster.get('a')?.index.use(blocksOf('abcdefghij'))
    const options = placement.options(requestOf('1', 'abcdefghij'.repeat(2)), 0)
    expect(options).toMatchObject([
      { id: 'a', matched: 10, uncachedTokens: 1000, waitMs: 0 },
      { id: 'b', matched: 0, uncachedTokens: 2000, waitMs: 0 },
    ])
  })

  it('goes where the conversation went when nothing is known of the prompt', () => {
    const { placement } = made('a', 'b', 'c')
    const request = requestOf('1', '', { promptTokens: 100, session: 's' })
    placement.went(request, 'c')
    expect(placement.chosen(placement.options(request, 0), request, 0)?.id).toBe('c')
  })

  it('has a deadline by the tighter of two bounds', () => {
    const { placement } = made('a')
    expect(placement.deadlineMs(requestOf('1', 'p', { sinceMs: 5, maxWaitMs: 100 }))).toBe(105)
    expect(placement.deadlineMs(requestOf('1', 'p', { sinceMs: 5, maxWaitMs: 1e9 }))).toBe(5 + RULES.maxWaitMs)
  })

  it('lets a tenant that others crowd out heed less where its beginning lies', () => {
    const { waiting, placement } = made('a')
    const light = requestOf('light', 'p', { tenant: 'light' })
    expect([placement.isCrowded, placement.termsOf(light).saturatedMs]).toEqual([false, RULES.saturatedMs])
    for (const id of ['1', '2', '3']) {
      const request = requestOf(id, 'prompt')
      const [option] = placement.options(request, 0)
      if (option !== undefined) waiting.add(placement.waiter(option, request))
    }
    expect([placement.isCrowded, placement.isLight(light), placement.isReserving(0)]).toEqual([true, true, false])
    expect(placement.termsOf(light).saturatedMs).toBe(0)
    placement.chosen(placement.options(light, 0), light, 0)
    expect([placement.isReserving(1000), placement.isReserving(3000)]).toEqual([true, false])
  })
})

it('costs what is computed, and twice what is answered', () => {
  expect(costOf({ outputTokens: 10 }, 5)).toBe(25)
})
