/** One session through all three protocols, with the official SDKs: history, one turn at a time, loops, whose it is. */
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Call, ScriptedOrigin } from '../support/scripted-origin.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { whole } from '../support/wire.ts'
import { answerChat, saying } from './answering-origin.ts'

let origin: ScriptedOrigin
let sluice: TestSluice
/** Calls to the origin that are held until the test lets them go. */
const held: Call[] = []

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('chat', answerChat).on('other', answerChat)
  origin.on('same', saying({ content: 'Again.' }))
  origin.on('held', (call) => void held.push(call))
  origin.on('broken', (call) => call.reply(500, '{"error":{"message":"down"}}'))
  const names = ['chat', 'other', 'same', 'held', 'broken']
  sluice = await setUp({
    config: {
      providers: Object.fromEntries(names.map((name) => [name, { protocol: 'openai', baseUrl: origin.url(name) }])),
      models: {
        ...Object.fromEntries(
          names.map((name) => [name, { targets: [{ provider: name, model: `real-${name}` }], retries: 0 }]),
        ),
        either: {
          strategy: 'weighted',
          targets: ['chat', 'other'].map((provider) => ({ provider, model: `real-${provider}` })),
          retries: 0,
        },
      },
      sessions: { loopRepeats: 3 },
    },
    tenants: [{ id: 'app' }, { id: 'rival' }],
  })
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

const openai = (tenant = 'app', session?: string) =>
  new OpenAI({
    baseURL: `${sluice.url}/v1`,
    apiKey: sluice.keyOf(tenant).key,
    maxRetries: 0,
    ...(session === undefined ? {} : { defaultHeaders: { 'x-sluice-session': session } }),
  })
const anthropic = (session: string) =>
  new Anthropic({
    baseURL: sluice.url,
    apiKey: sluice.keyOf('app').key,
    maxRetries: 0,
    defaultHeaders: { 'x-sluice-session': session },
  })
/** The messages of the last call that the origin saw. */
const heard = (name = 'chat') => origin.calls(name).at(-1)?.json.messages as { role: string; content: unknown }[]
const user = (content: string) => ({ role: 'user' as const, content })
const said = (content: string) => ({ role: 'assistant', content: `You said: ${content}` })

describe('a session', () => {
  test('goes on through chat, Responses and Messages, streamed and whole', async () => {
    const id = 'user-7/trip to Rome'.replaceAll(' ', '_')
    const one = openai('app', id)
    const first = await one.chat.completions
      .create({ model: 'chat', messages: [{ role: 'system', content: 'Be brief.' }, user('one')] })
      .withResponse()
    expect(first.response.headers.get('x-sluice-session')).toBe(id)
    expect(heard()).toEqual([{ role: 'system', content: 'Be brief.' }, user('one')])

    const second = await one.responses.create({ model: 'chat', input: 'two', instructions: 'Rhyme.' })
    expect(second.output_text).toBe('You said: two')
    expect(heard()).toEqual([{ role: 'system', content: 'Rhyme.' }, user('one'), said('one'), user('two')])

    const third = await anthropic(id).messages.create({ model: 'chat', max_tokens: 50, messages: [user('three')] })
    expect(third.content).toMatchObject([{ type: 'text', text: 'You said: three' }])
    expect(heard()).toEqual([user('one'), said('one'), user('two'), said('two'), user('three')])

    for await (const _ of await one.chat.completions.create({ model: 'chat', messages: [user('four')], stream: true }));
    for await (const _ of await one.responses.create({ model: 'chat', input: 'five', stream: true }));
    const stream = anthropic(id).messages.stream({ model: 'chat', max_tokens: 50, messages: [user('six')] })
    await stream.finalMessage()
    const words = ['one', 'two', 'three', 'four', 'five']
    expect(heard()).toEqual([...words.flatMap((word) => [user(word), said(word)]), user('six')])
  })

  test('is only its own tenant’s', async () => {
    await openai('app', 'shared').chat.completions.create({ model: 'chat', messages: [user('secret')] })
    await openai('rival', 'shared').chat.completions.create({ model: 'chat', messages: [user('hello')] })
    expect(heard()).toEqual([user('hello')])
  })

  test('lets one turn run at a time', async () => {
    const client = openai('app', 'busy')
    const next = origin.next('held')
    const running = client.chat.completions.create({ model: 'held', messages: [user('slow')] })
    const call = await next
    const refused = await client.chat.completions.create({ model: 'chat', messages: [user('fast')] }).catch((e) => e)
    expect(refused).toMatchObject({ status: 409, code: 'session_busy' })
    await call.reply(200, whole('done'))
    await running
    await client.chat.completions.create({ model: 'chat', messages: [user('next')] })
    expect(heard()).toEqual([user('slow'), { role: 'assistant', content: 'done' }, user('next')])
  })

  test('is as it was after a turn that broke', async () => {
    const client = openai('app', 'breaks')
    await client.chat.completions.create({ model: 'chat', messages: [user('a')] })
    const failed = await client.chat.completions.create({ model: 'broken', messages: [user('b')] }).catch((e) => e)
    expect(failed).toMatchObject({ status: 502 })
    await client.chat.completions.create({ model: 'chat', messages: [user('c')] })
    expect(heard()).toEqual([user('a'), said('a'), user('c')])
  })

  test('ends a loop, and can go on', async () => {
    const client = openai('app', 'loops')
    const ask = () => client.chat.completions.create({ model: 'same', messages: [user('and?')] }).withResponse()
    for (let time = 0; time < 3; time += 1) await ask()
    const refused = await ask().catch((e) => e)
    expect(refused).toMatchObject({ status: 409, code: 'conflict' })
    expect(refused.headers.get('x-should-retry')).toBe('false')
    await ask()
  })

  test('stays with the target whose prompt cache is warm', async () => {
    const client = openai('app', 'warm')
    const target = async () =>
      (
        await client.chat.completions.create({ model: 'either', messages: [user('hi')] }).withResponse()
      ).response.headers.get('x-sluice-target')
    const first = await target()
    for (let time = 0; time < 2; time += 1) expect(await target()).toBe(first)
  })
})
