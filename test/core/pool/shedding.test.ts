/** Who is refused before it waits, and when it is told to come again. */
import { describe, expect, it } from 'vitest'
import { refusalOf, retryMs, shedShare } from '../../../src/core/pool/shedding.ts'
import { RULES } from '../../support/pool.ts'

const OUTLOOK = { waitMs: 1000, firstMs: 2000, boundMs: 30_000, queued: 0, nextMs: 400 }
const interactive = { priority: 'interactive' } as const
const batch = { priority: 'batch' } as const
const always = (): number => 0
const never = (): number => 0.999

describe('a request that would have to wait', () => {
  it('may, while there is time and room', () => {
    expect(refusalOf(interactive, RULES, OUTLOOK, always)).toBeNull()
  })

  it('is refused when its first content would come after its bound, with what is missing', () => {
    const late = { ...OUTLOOK, waitMs: 30_500, firstMs: 31_000 }
    expect(refusalOf(interactive, RULES, late, never)).toEqual({ why: 'wait', retryAfterMs: 1000 })
  })

  it('is refused when the queue is full, until the next one goes', () => {
    const full = { ...OUTLOOK, queued: RULES.maxQueue }
    expect(refusalOf(interactive, RULES, full, never)).toEqual({ why: 'full', retryAfterMs: 400 })
  })

  it('of batch is left out the more, the fuller the pool is', () => {
    expect(refusalOf(batch, RULES, OUTLOOK, never)).toBeNull()
    const busy = { ...OUTLOOK, queued: 900 }
    expect(refusalOf(batch, RULES, busy, never)).toEqual({ why: 'shed', retryAfterMs: 1000 })
    expect(refusalOf(interactive, RULES, busy, always)).toBeNull()
    expect([0, 0.1, 0.2, 0.32, 1].map(shedShare)).toEqual([0, expect.closeTo(0.003), expect.closeTo(0.096), 1, 1])
  })
})

it('says a time to come again that is neither nothing nor for ever', () => {
  expect([0, 1000.2, 1e9].map(retryMs)).toEqual([250, 1001, 60_000])
})
