/** Recall across skins: what one protocol was answered is given to every other that asks the same, and to nobody who does not. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from '../faults/skin-asks.ts'
import type { VendorName } from '../faults/skin-said.ts'
import { type Cell, expected, FORMS, MADE, SCENARIOS, type Scenario, SKINS, TARGETS } from '../faults/skin-scenarios.ts'
import { VENDORS } from '../faults/skin-vendors.ts'
import type { Reply } from '../support/http-client.ts'
import { type Script, ScriptedOrigin } from '../support/scripted-origin.ts'
import { type Answer, answerIn, type Json, PATHS, type SkinName } from '../support/skin-readers.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { cacheOf, RECALLABLE_MS } from './recall-setup.ts'
import { CONVERSATION, OTHERWISE, SERVER_TOOL } from './recall-skins-asks.ts'

const TENANT = 'acme'
const PROTOCOLS = { openai: 'openai', anthropic: 'anthropic', google: 'google', responses: 'openai' }
const scenarioOf = (wanted: string): Scenario => SCENARIOS.find(({ name }) => name === wanted) as Scenario
const TEXT = scenarioOf('text')
const REASONING = scenarioOf('reasoning')

/** One recording of each, for all skins to find. */
const recordings: readonly Cell[] = [TEXT, scenarioOf('parallel tools'), scenarioOf('image'), REASONING].flatMap(
  (scenario) =>
    SKINS.flatMap((skin) =>
      TARGETS.flatMap((target) =>
        FORMS.map((form) => ({
          skin,
          target,
          scenario,
          form,
          alias: `${skin}-${target}-${scenario.name.replaceAll(' ', '-')}-${form}`,
        })),
      ),
    ),
)
/** Aliases of the other tests, and whose they are. */
const others: Readonly<Record<string, readonly [VendorName, Scenario]>> = {
  'otherwise-chat': ['openai', TEXT],
  'otherwise-messages': ['anthropic', TEXT],
  'otherwise-responses': ['responses', TEXT],
  conversation: ['openai', TEXT],
  thinking: ['anthropic', REASONING],
  adaptive: ['anthropic', TEXT],
  'server-tool': ['anthropic', TEXT],
  searching: ['anthropic', TEXT],
}

let origin: ScriptedOrigin
let sluice: TestSluice
const recorded = new Map<Cell, Reply>()

/** A target that has /responses answers there and at /chat/completions. */
function scriptOf(target: VendorName, { said }: Scenario): Script {
  return (call) => {
    const vendor = VENDORS[target === 'responses' && !call.path.endsWith('/responses') ? 'openai' : target]
    return call.json.stream === true || call.path.includes('streamGenerateContent')
      ? call.reply(200, vendor.stream(said).join(''), { 'content-type': 'text/event-stream' })
      : call.reply(200, vendor.whole(said))
  }
}

/** Of the two ways in which Messages asks for reasoning this is the one that the others have, too. */
function sharedAsk(...[skin, alias, scenario, stream]: Parameters<typeof ask>): Json {
  const { thinking, ...body } = ask(skin, alias, scenario, stream)
  return thinking === undefined ? body : { ...body, output_config: { effort: 'medium' } }
}

function post(skin: SkinName, body: Json, isolate = 0): Promise<Reply> {
  return sluice.post(sluice.keyOf(TENANT).key, PATHS[skin], body, { url: sluice.urls[isolate] ?? '' })
}

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  const targets: [string, VendorName][] = []
  for (const { alias, target, scenario } of recordings) {
    origin.on(alias, scriptOf(target, scenario))
    targets.push([alias, target])
  }
  for (const [alias, [target, scenario]] of Object.entries(others)) {
    origin.on(alias, alias === 'server-tool' || alias === 'searching' ? SERVER_TOOL : scriptOf(target, scenario))
    targets.push([alias, target])
  }
  sluice = await setUp({
    isolates: 2,
    credentials: { upstream: 'sk-upstream-credential' },
    config: {
      providers: Object.fromEntries(
        targets.map(([alias, target]) => [
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
        targets.map(([alias]) => [
          alias,
          { targets: [{ provider: alias, model: 'm' }], retries: 0, cache: { exact: true } },
        ]),
      ),
    },
    tenants: [{ id: TENANT }],
  })
  const waiting = [...recordings]
  const record = async (): Promise<void> => {
    for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
      const { skin, alias, scenario, form } = cell
      recorded.set(cell, await post(skin, sharedAsk(skin, alias, scenario, form === 'stream')))
    }
  }
  await Promise.all(Array.from({ length: 6 }, record))
  await sleep(RECALLABLE_MS)
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

const called = (alias: string): number => origin.calls(alias).length

/** Fields that are no part of an answer, and ids that we made, left out. */
function said(answer: Answer): Omit<Answer, 'id' | 'model'> {
  const { id: _, model: __, calls, ...rest } = answer
  return { ...rest, calls: calls.map((call) => (/^call_[0-9a-f]{32}$/.test(call.id) ? { ...call, id: MADE } : call)) }
}

describe('a reply that was recorded through one skin', () => {
  const cases = recordings.map((cell) => ({
    name: `${cell.skin} at ${cell.target}: ${cell.scenario.name}, ${cell.form}`,
    cell,
  }))
  test.each(cases)('is hit through each: $name', async ({ cell }) => {
    const { alias, scenario } = cell
    const first = recorded.get(cell) as Reply
    expect(cacheOf(first)).toBe('200 miss')
    const was = answerIn(cell.skin, first)
    const ids = new Set([was.id])
    for (const skin of SKINS) {
      for (const [isolate, form] of FORMS.entries()) {
        const hit = await post(skin, sharedAsk(skin, alias, scenario, form === 'stream'), isolate)
        expect([skin, form, cacheOf(hit)]).toEqual([skin, form, '200 hit'])
        expect(Number(hit.headers.age)).toBeGreaterThanOrEqual(1)
        expect(hit.headers).toMatchObject({ 'x-sluice-attempts': '0', 'x-sluice-target': `${alias}/m` })
        const answer = answerIn(skin, hit)
        expect(said(answer)).toEqual(expected({ ...cell, skin, form }))
        expect(said(answer)).toEqual(said(was))
        ids.add(answer.id)
      }
    }
    // Each with an id of its own.
    expect(ids.size).toBe(1 + SKINS.length * FORMS.length)
    expect(called(alias)).toBe(1)
  })

  test('leaves a row that costs nothing, whichever skin it is hit through', async () => {
    const cell = recordings[0] as Cell
    for (const skin of SKINS) {
      const hit = await post(skin, ask(skin, cell.alias, cell.scenario, true))
      expect(await sluice.row(TENANT, hit.headers['x-request-id'])).toMatchObject({
        cache: 'hit',
        outcome: 'finished',
        attempts: 0,
        usage: null,
        costMicroUsd: 0,
      })
    }
  })
})

describe('a conversation with calls and results', () => {
  test.each(SKINS)('recorded through %s is one for all', async (skin) => {
    const of = (one: SkinName) => ({
      ...CONVERSATION[one],
      model: 'conversation',
      temperature: SKINS.indexOf(skin) / 10,
    })
    expect(cacheOf(await post(skin, of(skin)))).toBe('200 miss')
    await sleep(RECALLABLE_MS)
    for (const other of SKINS) expect([other, cacheOf(await post(other, of(other)))]).toEqual([other, '200 hit'])
  })
})

describe('what is not the same', () => {
  test.each(SKINS)('is no hit through %s', async (skin) => {
    const alias = `otherwise-${skin}`
    const body = ask(skin, alias, TEXT, false)
    expect(cacheOf(await post(skin, body))).toBe('200 miss')
    await sleep(RECALLABLE_MS)
    for (const other of SKINS) {
      const same = ask(other, alias, TEXT, false)
      expect([other, cacheOf(await post(other, same))]).toEqual([other, '200 hit'])
      for (const [name, change] of Object.entries(OTHERWISE[other]))
        expect([other, name, cacheOf(await post(other, { ...same, ...change }))]).toEqual([other, name, '200 miss'])
    }
  })

  test('is thinking by a budget, or by none, which the canonical form has no word for', async () => {
    const chat = ask('chat', 'thinking', REASONING, false)
    expect(cacheOf(await post('chat', chat))).toBe('200 miss')
    const messages = ask('messages', 'thinking', REASONING, false)
    const less = { ...messages, thinking: { type: 'enabled', budget_tokens: 1500 } }
    expect(cacheOf(await post('messages', messages))).toBe('200 miss')
    await sleep(RECALLABLE_MS)
    expect(cacheOf(await post('messages', less))).toBe('200 miss')
    expect(cacheOf(await post('messages', messages))).toBe('200 hit')
    expect(cacheOf(await post('responses', ask('responses', 'thinking', REASONING, true)))).toBe('200 hit')
    const plain = ask('messages', 'adaptive', TEXT, false)
    expect(cacheOf(await post('messages', plain))).toBe('200 miss')
    await sleep(RECALLABLE_MS)
    expect(cacheOf(await post('messages', { ...plain, thinking: { type: 'adaptive' } }))).toBe('200 miss')
    expect(cacheOf(await post('messages', plain))).toBe('200 hit')
  })
})

describe('a reply with a server tool', () => {
  test.each(FORMS)('is never recorded, %s', async (form) => {
    for (const [alias, tools] of [
      ['searching', [{ type: 'web_search_20250305', name: 'web_search' }]],
      ['server-tool', undefined],
    ] as const) {
      const body = { ...ask('messages', alias, TEXT, form === 'stream'), ...(tools === undefined ? {} : { tools }) }
      const before = called(alias)
      const cache = tools === undefined ? '200 miss' : '200 bypass'
      const one = await post('messages', body)
      expect(one.body).toContain('server_tool_use')
      expect(cacheOf(one)).toBe(cache)
      await sleep(RECALLABLE_MS)
      expect(cacheOf(await post('messages', body))).toBe(cache)
      expect(called(alias) - before).toBe(2)
    }
  })
})
