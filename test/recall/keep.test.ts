/** What becomes of an answer that recall did not have: kept, or its followers are let go. */
import { describe, expect, it } from 'vitest'
import { type Answered, keep } from '../../src/recall/keep.ts'
import type { Recall, Ticket } from '../../src/recall/types.ts'
import { recalling, USED } from '../support/recalling.ts'
import { DONE, finish, role, text, whole } from '../support/wire.ts'

const TARGET = { id: 'up/m', price: { input: 2, output: 10 } }
const WHOLE = {
  kind: 'whole',
  form: 'openai',
  target: TARGET,
  body: whole('hello'),
  usage: USED,
} as const satisfies Answered
const UTF8 = new TextEncoder()

/** A world with a miss to be kept; `led`: others wait for it. */
function missed(led: boolean, cache: Parameters<typeof recalling>[0] = { exact: true }, targets = 1) {
  const world = recalling(cache, targets)
  const stopped: string[] = []
  const lease: Ticket['lease'] = led ? { id: 'r1', stop: () => void stopped.push('stopped') } : null
  const miss: Recall = { kind: 'miss', ticket: world.ticketOf({ lease }) }
  return { ...world, miss, stopped }
}

/** A stream whose bytes and end are the test's to send. */
function streaming() {
  let see: (bytes: Uint8Array) => void = () => {}
  const ended = Promise.withResolvers<{ kind: 'finished' | 'cancelled' | 'broken'; usage: typeof USED | null }>()
  const live = {
    observe(one: typeof see) {
      see = one
    },
    reportedUsage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
    ended: ended.promise,
  }
  const outcome: Answered = { kind: 'stream', form: 'openai', target: TARGET, live }
  return { outcome, push: (piece: string) => see(UTF8.encode(piece)), end: ended.resolve }
}

describe('a whole answer', () => {
  it('is kept in a batch where nobody waits for it', async () => {
    const { services, miss, told, settle } = missed(false)
    keep(services, miss, WHOLE)
    expect(told).toEqual([])
    await settle()
    expect(told).toMatchObject([{ kind: 'put', value: { key: 'k1' }, leaseId: null }])
  })

  it('is told at once to those who wait', async () => {
    const { services, miss, told, stopped, background, asked } = missed(true)
    keep(services, miss, WHOLE)
    await Promise.all(background)
    expect(told).toMatchObject([{ kind: 'put', value: { key: 'k1' }, leaseId: 'r1' }])
    expect(stopped).toEqual(['stopped'])
    expect(asked).toEqual([])
  })

  it('that is too long is not even held', async () => {
    const { services, miss, asked, place } = missed(true)
    keep(services, miss, { ...WHOLE, body: whole('x'.repeat(300_000)) })
    expect(asked).toEqual(['release r1 alone'])
    expect(services.outbox.take(place)).toBeNull()
  })

  it('that is not complete lets them go on alone', async () => {
    const { services, miss, told, settle, asked } = missed(true)
    keep(services, miss, { ...WHOLE, body: whole('hel').replace('"stop"', '"length"') })
    await settle()
    expect(told).toEqual([])
    expect(asked).toEqual(['release r1 alone'])
  })
})

describe('a stream', () => {
  it('is recorded while it passes, and kept at its end', async () => {
    const { services, miss, told, settle } = missed(false)
    const { outcome, push, end } = streaming()
    keep(services, miss, outcome)
    for (const piece of [role(), text('hel'), text('lo'), finish(), DONE]) push(piece)
    end({ kind: 'finished', usage: USED })
    await settle()
    expect(told).toMatchObject([{ kind: 'put', value: { about: { savedTokens: 18, savedMicroUsd: 92 } } }])
  })

  it.each([
    ['broken', 'alone'],
    ['cancelled', 'lead'],
  ] as const)('that was %s is not, and who waits goes on %s', async (kind, next) => {
    const { services, miss, told, settle, asked } = missed(true)
    const { outcome, push, end } = streaming()
    keep(services, miss, outcome)
    for (const piece of [role(), text('hel')]) push(piece)
    end({ kind, usage: USED })
    await settle()
    expect([told, asked]).toEqual([[], [`release r1 ${next}`]])
  })

  it('is given up where too much is being recorded, and the room is free again after it', async () => {
    const { services, miss, told, settle } = missed(false)
    const others = services.recordings.hold()
    others.take(1_000_000)
    const { outcome, push, end } = streaming()
    keep(services, miss, outcome)
    for (const piece of [role(), text('hello'), finish(), DONE]) push(piece)
    end({ kind: 'finished', usage: USED })
    await settle()
    expect(told).toEqual([])
    others.release()
    expect(services.recordings.hold().take(1_000_000)).toBe(true)
  })
})

describe('who may stand in', () => {
  const spare: Answered = { ...WHOLE, target: { id: 'up/s' } }

  it.each([
    ['not another target of a fallback', { exact: true }, 0],
    ['another target where the policy lets it', { exact: true, standIn: true }, 1],
  ] as const)('%s', async (_, cache, kept) => {
    const { services, miss, told, settle } = missed(false, cache, 2)
    keep(services, miss, spare)
    await settle()
    expect(told).toHaveLength(kept)
  })
})

describe('what is no answer', () => {
  it.each([
    ['refused', 'alone'],
    ['failed', 'alone'],
    ['cancelled', 'lead'],
  ] as const)('%s: who waits goes on %s', async (kind, next) => {
    const { services, miss, settle, asked, stopped } = missed(true)
    keep(services, miss, { kind })
    await settle()
    expect([asked, stopped]).toEqual([[`release r1 ${next}`], ['stopped']])
  })

  it('nothing is kept of what was not to be', async () => {
    const { services, told, settle } = missed(false)
    keep(services, { kind: 'miss', ticket: null }, WHOLE)
    keep(services, { kind: 'bypass', reason: 'off' }, WHOLE)
    await settle()
    expect(told).toEqual([])
  })
})

describe('an answer in a caller’s own protocol', () => {
  const native = {
    type: 'message',
    role: 'assistant',
    model: 'claude-x',
    content: [{ type: 'text', text: 'hello' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 11, output_tokens: 7 },
  }

  it('is kept in the canonical form', async () => {
    const { services, miss, told, settle } = missed(false)
    keep(services, miss, { ...WHOLE, form: 'messages', body: JSON.stringify(native) })
    await settle()
    expect(told).toMatchObject([{ kind: 'put', value: { key: 'k1' } }])
  })

  it('lets those who wait ask for themselves where the canonical form has no place for it', () => {
    const { services, miss, told, asked } = missed(true)
    const content = [{ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }]
    keep(services, miss, { ...WHOLE, form: 'messages', body: JSON.stringify({ ...native, content }) })
    expect(asked).toEqual(['release r1 alone'])
    expect(told).toEqual([])
  })
})
