/** Skins by targets: every protocol of our callers before every protocol of a provider, whatever it answers, whole and streamed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { UsageRecord } from '../../src/core/usage-record.ts'
import type { Reply } from '../support/http-client.ts'
import { type Script, ScriptedOrigin } from '../support/scripted-origin.ts'
import { errorOf } from '../support/skin-error-readers.ts'
import { type Answer, answerIn, PATHS } from '../support/skin-readers.ts'
import { eventually, ROW_MS, setUp, type TestSluice } from '../support/sluice.ts'
import { ask, asked, ENDPOINTS, READ } from './skin-asks.ts'
import { TOKENS } from './skin-said.ts'
import { CELLS, type Cell, expected, FIRST, IMPOSSIBLE, isNative, MADE, PROVIDER_SAYS } from './skin-scenarios.ts'
import { VENDORS } from './skin-vendors.ts'

const TENANT = 'skins'
const AT_ONCE = 6
const PROTOCOLS = { openai: 'openai', anthropic: 'anthropic', google: 'google', responses: 'openai' }

const nameOf = ({ skin, target, scenario, form }: Cell): string => `${skin} at ${target}: ${scenario.name}, ${form}`
const sound = CELLS.filter(({ scenario }) => scenario.fault === undefined)
const of = (...faults: (string | undefined)[]): Cell[] =>
  CELLS.filter(({ scenario }) => faults.includes(scenario.fault))

let origin: ScriptedOrigin
let sluice: TestSluice
let rows: ReadonlyMap<string, UsageRecord>
const replies = new Map<Cell, Reply>()

/** The upstream of one cell. */
function scriptOf({ target, scenario: { said, fault }, form }: Cell): Script {
  const vendor = VENDORS[target]
  const stream = { 'content-type': 'text/event-stream' }
  return async (call) => {
    if (fault === 'status-400' || fault === 'status-500')
      return call.reply(Number(fault.slice(-3)), vendor.error(Number(fault.slice(-3)), PROVIDER_SAYS))
    const whole = vendor.whole(said)
    const events = vendor.stream(said)
    if (fault === undefined) return form === 'whole' ? call.reply(200, whole) : call.reply(200, events.join(''), stream)
    if (form === 'whole') {
      if (fault === 'late-error') return call.reply(200, vendor.error(500, PROVIDER_SAYS))
      await call.head(200, { 'content-type': 'application/json', 'content-length': String(whole.length) })
      await call.write(whole.slice(0, whole.length / 2))
      return call.hangUp()
    }
    const upTo = 1 + events.findIndex((event) => event.includes(FIRST.slice(0, 5)))
    await call.head(200)
    await call.write(events.slice(0, upTo).join(''))
    return fault === 'late-error' ? call.end(vendor.errorEvent(PROVIDER_SAYS)) : call.hangUp()
  }
}

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  for (const cell of CELLS) origin.on(cell.alias, scriptOf(cell))
  sluice = await setUp({
    credentials: { upstream: 'sk-upstream-credential' },
    config: {
      providers: Object.fromEntries(
        CELLS.map(({ alias, target }) => [
          alias,
          {
            protocol: PROTOCOLS[target],
            baseUrl: origin.url(alias),
            credential: 'upstream',
            ...(target === 'responses' ? { responses: true } : {}),
          },
        ]),
      ),
      models: Object.fromEntries(
        CELLS.map(({ alias }) => [alias, { targets: [{ provider: alias, model: 'm' }], retries: 0 }]),
      ),
    },
    tenants: [{ id: TENANT }],
  })
  const { key } = sluice.keyOf(TENANT)
  const waiting = [...CELLS]
  const askAll = async (): Promise<void> => {
    for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
      const { skin, alias, scenario, form } = cell
      replies.set(cell, await sluice.post(key, PATHS[skin], ask(skin, alias, scenario, form === 'stream')))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, askAll))
  rows = await eventually('all usage rows', ROW_MS, async () => {
    const listed = await sluice.rows(TENANT)
    return listed.length < CELLS.length ? undefined : new Map(listed.map((row) => [row.requestId, row]))
  })
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

function replyOf(cell: Cell): Reply {
  const reply = replies.get(cell)
  if (reply === undefined) throw new Error(`never sent: ${cell.alias}`)
  // The body ends as HTTP says, whatever happened.
  expect(reply.complete).toBe(true)
  expect(reply.headers['x-sluice-attempts']).toBe('1')
  expect(reply.headers['x-sluice-model']).toBe(cell.alias)
  expect(reply.headers['request-id']).toBe(cell.skin === 'messages' ? reply.headers['x-request-id'] : undefined)
  return reply
}

/** Ids that we make are different every time. */
function read(cell: Cell): Answer {
  const { calls, ...answer } = answerIn(cell.skin, replyOf(cell))
  return {
    ...answer,
    calls: calls.map((call) => (/^call_[0-9a-f]{32}$/.test(call.id) ? { ...call, id: MADE } : call)),
  }
}

const rowOf = (reply: Reply): UsageRecord | undefined => rows.get(reply.headers['x-request-id'] ?? '')

describe('an answer', () => {
  test.each(sound.map((cell) => ({ name: nameOf(cell), cell })))('$name', ({ cell }) => {
    const { skin, target, scenario, form, alias } = cell
    const reply = replyOf(cell)
    expect(reply.status, reply.body.slice(0, 500)).toBe(200)
    expect(reply.headers['content-type']).toMatch(form === 'whole' ? /^application\/json/ : /^text\/event-stream/)
    const { id, model, ...answer } = read(cell)
    expect(answer).toEqual(expected(cell))
    expect(id).not.toBe('')
    const vendor = VENDORS[target]
    // Where nothing is translated nothing is touched; else the caller is told the model by the name it asked for.
    if (isNative(cell))
      expect(reply.body).toBe(form === 'whole' ? vendor.whole(scenario.said) : vendor.stream(scenario.said).join(''))
    else if (skin !== 'chat') expect(model).toBe(alias)
    if (vendor.signature !== undefined && scenario.said.thinking !== undefined && skin !== 'responses')
      expect(reply.body).toContain(vendor.signature)
    expect(rowOf(reply)).toMatchObject({
      outcome: 'finished',
      status: 200,
      attempts: 1,
      target: `${alias}/m`,
      usage: {
        inputTokens: TOKENS.input - TOKENS.cached - answer.usage.written,
        cachedInputTokens: TOKENS.cached,
        cacheWriteTokens: answer.usage.written,
        outputTokens: TOKENS.output,
        reasoningTokens: answer.usage.thought,
        source: 'provider',
      },
    })
  })

  test.each(sound.map((cell) => ({ name: nameOf(cell), cell })))('was asked for: $name', ({ cell }) => {
    const { target, scenario, form, alias } = cell
    const [call, ...more] = origin.calls(alias)
    expect(more).toEqual([])
    expect(call?.path).toBe(`/${alias}/v1${ENDPOINTS[target](form === 'stream')}`)
    expect(READ[target](call?.json ?? {})).toEqual(asked(scenario))
  })
})

describe('whole and streamed', () => {
  const pairs = sound.filter(({ form }) => form === 'whole')
  test.each(pairs.map((cell) => ({ name: nameOf(cell), cell })))('say the same: $name', ({ cell }) => {
    const other = sound.find(
      ({ skin, target, scenario, form }) =>
        form === 'stream' && skin === cell.skin && target === cell.target && scenario === cell.scenario,
    ) as Cell
    const [whole, streamed] = [cell, other].map(read)
    const own = { id: '', model: '' }
    expect({ ...streamed, ...own }).toEqual({ ...whole, ...own })
  })
})

const TYPES = { chat: 'api_error', messages: 'api_error', responses: 'api_error' }

describe('an error before anything was said', () => {
  const cells = [...of('status-500'), ...of('late-error', 'late-cut').filter(({ form }) => form === 'whole')]
  test.each(cells.map((cell) => ({ name: nameOf(cell), cell })))('is a 502: $name', ({ cell }) => {
    const reply = replyOf(cell)
    expect(reply.status).toBe(502)
    const error = errorOf(cell.skin, reply)
    expect(error).toMatchObject({
      type: TYPES[cell.skin],
      code: cell.skin === 'messages' ? undefined : 'upstream_failed',
    })
    expect(error.message).not.toContain(PROVIDER_SAYS)
    expect(rowOf(reply)).toMatchObject({ outcome: 'failed', status: 502, attempts: 1 })
  })

  test.each(of('status-400').map((cell) => ({ name: nameOf(cell), cell })))('is relayed: $name', ({ cell }) => {
    const reply = replyOf(cell)
    expect(reply.status).toBe(400)
    expect(errorOf(cell.skin, reply)).toMatchObject({
      type: 'invalid_request_error',
      code: cell.skin === 'messages' ? undefined : 'upstream_rejected',
      message: expect.stringContaining(PROVIDER_SAYS),
    })
    expect(rowOf(reply)).toMatchObject({ outcome: 'refused', status: 400, attempts: 1 })
  })
})

describe('an error after the first content', () => {
  const cells = of('late-error', 'late-cut').filter(({ form }) => form === 'stream')
  test.each(cells.map((cell) => ({ name: nameOf(cell), cell })))('is the last event: $name', ({ cell }) => {
    const reply = replyOf(cell)
    expect(reply.status).toBe(200)
    const error = errorOf(cell.skin, reply)
    expect(FIRST.startsWith(error.said) && error.said !== '').toBe(true)
    expect(error.code).toBe(cell.skin === 'messages' ? undefined : 'upstream_failed')
    expect(error.message).not.toContain(PROVIDER_SAYS)
    expect(rowOf(reply)).toMatchObject({ outcome: 'broken', status: 200, attempts: 1 })
  })
})

describe('what cannot be', () => {
  test.each(IMPOSSIBLE)('$cell', ({ reason }) => {
    expect(reason).not.toBe('')
  })
})

test('every request has one row, and there are no others', async () => {
  const sent = CELLS.map((cell) => replyOf(cell).headers['x-request-id'] ?? '')
  const listed = (await sluice.rows(TENANT)).map(({ requestId }) => requestId)
  expect(listed.sort()).toEqual(sent.sort())
})
