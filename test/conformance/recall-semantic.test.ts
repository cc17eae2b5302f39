/** Recall by meaning from outside: nothing below its evidence, then other words for what was asked; and what is never meant. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { OBSERVATIONS_MIN } from '../../src/core/recall/limits.ts'
import { pick, type Reply } from '../support/http-client.ts'
import type { ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, type MadeKey, setUp, type TestSluice } from '../support/sluice.ts'
import { said, stream, whole } from '../support/wire.ts'
import { asking, cacheOf, configOf, startOrigin } from './recall-setup.ts'

const TOPICS = ['opening', 'parking', 'returns', 'shipping', 'payment', 'support', 'warranty', 'careers']
const DIMENSIONS = 16
/** More questions than the evidence takes: some of them only found their groups. */
const QUESTIONS = 520
const AT_ONCE = 8

let origin: ScriptedOrigin
let sluice: TestSluice
const ask = asking(() => sluice)
const acme = (): MadeKey => sluice.keyOf('acme')

const topicOf = (text: string): number => TOPICS.findIndex((topic) => text.includes(topic))
/** The direction of its topic, and a little of the question's own. */
function vectorOf(text: string): number[] {
  let seed = 7
  for (const character of text) seed = (seed * 31 + character.charCodeAt(0)) % 1_000_003
  return Array.from({ length: DIMENSIONS }, (_, index) => {
    seed = (seed * 48_271) % 2_147_483_647
    return (index === topicOf(text) ? 1 : 0) + 0.06 * (seed / 2_147_483_647 - 0.5)
  })
}
const OPENINGS = ['', 'hello ', 'hi ', 'please ', 'hey there ', 'excuse me ', 'good day ']
const WAYS = ['tell me about', 'explain', 'i want to know about', 'help me with', 'describe', 'inform me about']
const ENDINGS = ['', ' please', ' thanks', ' thank you', ' if possible', ' kindly', ' to me']
const nth = (words: readonly string[], index: number): string => words[index % words.length] ?? ''
/** Each question once: a topic in other words, which change nothing. */
function questionOf(index: number): string {
  const way = Math.floor(index / TOPICS.length)
  const [opening, ending] = [Math.floor(way / WAYS.length), Math.floor(way / (WAYS.length * OPENINGS.length))]
  return `${nth(OPENINGS, opening)}${nth(WAYS, way)} ${nth(TOPICS, index)}${nth(ENDINGS, ending)}`
}
const answerOf = (text: string): string => `This is all there is to know of topic ${TOPICS[topicOf(text)] ?? 'none'}.`

beforeAll(async () => {
  origin = await startOrigin()
  origin.on('chat', async (call) => {
    const asked = String(pick(call.json, 'messages', 0, 'content'))
    if (call.json.stream !== true) return call.reply(200, whole(answerOf(asked)))
    await call.head(200)
    return call.end(stream(answerOf(asked)))
  })
  origin.on('embed', (call) => {
    const texts = call.json.input as string[]
    const data = texts.map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(text) }))
    return call.reply(200, JSON.stringify({ object: 'list', data, model: 'e' }))
  })
  const config = configOf(origin, {
    meant: ['chat', { exact: true, semantic: { enabled: true } }],
    exact: ['chat', { exact: true }],
    embed: ['embed', undefined],
  })
  sluice = await setUp({
    config: { ...config, embedder: { model: 'embed' } },
    tenants: [{ id: 'acme' }, { id: 'other' }],
  })
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

/** Asks these questions, some at once; in their order, what was said of the cache. */
async function askAll(from: number, to: number): Promise<Reply[]> {
  const replies: Reply[] = []
  for (let first = from; first < to; first += AT_ONCE) {
    const indexes = Array.from({ length: Math.min(AT_ONCE, to - first) }, (_, index) => first + index)
    replies.push(...(await Promise.all(indexes.map((index) => ask(acme(), 'meant', questionOf(index))))))
  }
  return replies
}

const route = async (): Promise<Record<string, unknown>> =>
  (pick(await sluice.done('GET', '/admin/tenants/acme/cache'), 'routes', 0) ?? {}) as Record<string, unknown>

test('serves nothing by meaning before its evidence, and then what it has proved', async () => {
  const first = await askAll(0, OBSERVATIONS_MIN)
  expect(new Set(first.map(cacheOf))).toEqual(new Set(['200 miss']))
  const more = await askAll(OBSERVATIONS_MIN, QUESTIONS)
  const semantic = more.filter((reply) => cacheOf(reply) === '200 semantic')
  expect(semantic.length).toBeGreaterThan(20)
  for (const [index, reply] of more.entries()) {
    const right = answerOf(questionOf(OBSERVATIONS_MIN + index))
    expect(pick(reply.json, 'choices', 0, 'message', 'content')).toBe(right)
  }
  const [hit] = semantic
  expect(hit?.headers).toMatchObject({
    'x-sluice-attempts': '0',
    'x-sluice-cost-usd': '0',
    'x-sluice-target': 'chat/m',
  })
  expect(Number(hit?.headers['x-sluice-similarity'])).toBeGreaterThan(0.8)
  expect(Number(hit?.headers.age)).toBeGreaterThanOrEqual(0)
  expect(await sluice.row('acme', hit?.headers['x-request-id'])).toMatchObject({ cache: 'semantic', costMicroUsd: 0 })
})

test('the operator sees the route, its threshold and its measured error with its bound', async () => {
  const shown = await eventually('all is learned', 3000, async () => {
    const one = await route()
    return Number(one.observations) > OBSERVATIONS_MIN ? one : undefined
  })
  expect(shown).toMatchObject({ model: 'meant', maxErrorRate: 0.02, errorRate: expect.any(Number) })
  expect(shown.threshold).toEqual(expect.any(Number))
  expect(Number(shown.errorBound)).toBeLessThanOrEqual(0.02)
  expect(Number(shown.groups)).toBeGreaterThanOrEqual(TOPICS.length)
})

test('streams it, too, in the words of its answer', async () => {
  let next = QUESTIONS
  const hit = await eventually('a semantic hit', 5000, async () => {
    next += 1
    const reply = await ask(acme(), 'meant', questionOf(next), {
      stream: true,
    })
    expect(said(reply.body)).toMatch(/^This is all there is to know/)
    return cacheOf(reply) === '200 semantic' ? reply : undefined
  })
  expect(hit.body).toMatch(/data: \[DONE\]\n\n$/)
})

test('not what differs in a number, a name or a not, nor what is personal or of today', async () => {
  for (const said of [
    'tell me about opening 17',
    'tell me about parking in Berlin',
    'do not tell me about returns',
    'tell me about payment from my account',
    'tell me about opening today',
  ])
    expect([said, cacheOf(await ask(acme(), 'meant', said))]).toEqual([said, '200 miss'])
})

test('not under another system prompt, of another model, or for another tenant', async () => {
  const question = questionOf(3)
  const messages = [
    { role: 'system', content: 'You sell shoes.' },
    { role: 'user', content: `${question} indeed` },
  ]
  expect(cacheOf(await ask(acme(), 'meant', '', { messages }))).toBe('200 miss')
  expect(cacheOf(await ask(acme(), 'exact', `${question} indeed`))).toBe('200 miss')
  expect(cacheOf(await ask(sluice.keyOf('other'), 'meant', `${question} indeed`))).toBe('200 miss')
})
