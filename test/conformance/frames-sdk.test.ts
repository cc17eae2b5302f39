/** Templates and profiles as apps and operators use them: the official packages, two isolates, changes in force, nothing in clear. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pick, type Reply, send } from '../support/http-client.ts'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, setUp, type TestSluice } from '../support/sluice.ts'
import { answerMessages } from './answering-anthropic.ts'
import { answerChat } from './answering-origin.ts'
import { cacheOf, RECALLABLE_MS } from './recall-setup.ts'

/** A change is in force everywhere within this time. */
const IN_FORCE_MS = 10_000
const CANARY = 'canaryProfile8Jw2'
const RESPONSE = {
  ...{
    id: 'resp_upstream',
    object: 'response',
    created_at: 1_700_000_000,
    status: 'completed',
    model: 'm',
    output: [],
  },
  usage: { input_tokens: 3, output_tokens: 1, total_tokens: 4 },
}
const TRAVEL = {
  messages: [
    { role: 'system', content: 'You know {{city}}.' },
    { role: 'user', content: 'Be brief.' },
    { role: 'assistant', content: 'I will.' },
  ],
  variables: { city: { type: 'string' } },
}
const ABOUT = {
  messages: [{ role: 'system', content: 'The user is {{attributes}}, {{tags}}.' }],
  variables: { attributes: { type: 'json' }, tags: { type: 'json' } },
}
const EXAMPLE = TRAVEL.messages.slice(1)
const KNOWS = { role: 'system', content: 'You know <city>"Köln"</city>.' }
const variables = { city: 'Köln' }

let origin: ScriptedOrigin
let sluice: TestSluice
let openai: OpenAI
let anthropic: Anthropic

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('chat', answerChat).on('claude', answerMessages)
  origin.on('native', (call) => call.reply(200, JSON.stringify(RESPONSE)))
  const target = (provider: string) => ({ targets: [{ provider, model: 'm', maxOutputTokens: 100 }], retries: 0 })
  sluice = await setUp({
    isolates: 2,
    credentials: { key: 'sk-of-the-operator' },
    config: {
      providers: {
        chat: { protocol: 'openai', baseUrl: origin.url('chat') },
        native: { protocol: 'openai', baseUrl: origin.url('native'), responses: true },
        claude: { protocol: 'anthropic', baseUrl: origin.url('claude'), credential: 'key' },
      },
      models: {
        chat: target('chat'),
        native: target('native'),
        claude: target('claude'),
        cached: { ...target('chat'), cache: { exact: true } },
      },
    },
    tenants: [{ id: 'app', profileTemplate: 'about' }, { id: 'other' }],
  })
  await sluice.done('PUT', '/admin/tenants/app/prompts/travel', TRAVEL)
  await sluice.done('PUT', '/admin/tenants/app/prompts/about', ABOUT)
  const { key: apiKey } = sluice.keyOf('app')
  openai = new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey, maxRetries: 0 })
  anthropic = new Anthropic({ baseURL: sluice.url, apiKey, maxRetries: 0 })
  for (const [user, plan] of [
    ['ada', CANARY],
    ['bob', 'basic'],
  ] as const)
    expect((await profile('PUT', user, { attributes: { plan }, tags: ['vip'] })).status).toBe(201)
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

const asked = (name: string) => origin.calls(name).at(-1)?.json ?? {}
const profile = (method: string, user: string, body?: unknown, tenant = 'app'): Promise<Reply> =>
  send(`${sluice.url}/v1/users/${user}/profile`, {
    method,
    headers: { authorization: `Bearer ${sluice.keyOf(tenant).key}` },
    ...(body === undefined ? {} : { body }),
  })
const hi = { role: 'user' as const, content: 'Hi' }
const ADA = `The user is <attributes>{"plan":"${CANARY}"}</attributes>, <tags>["vip"]</tags>.`

describe('the openai package', () => {
  test('names a template in `prompt`, whatever the target speaks', async () => {
    const prompt = { id: 'travel', version: '1', variables }
    const response = await openai.responses.create({ model: 'chat', prompt, input: 'Hi' })
    expect(response.output_text).toBe('You said: Hi')
    expect(asked('chat').messages).toEqual([KNOWS, ...EXAMPLE, hi])

    await openai.responses.create({ model: 'native', prompt, instructions: 'Own', input: 'Hi' })
    expect(asked('native')).toMatchObject({
      model: 'm',
      instructions: 'Own',
      input: [...[KNOWS, ...EXAMPLE].map((message) => ({ type: 'message', ...message })), hi],
    })
    expect(asked('native')).not.toHaveProperty('prompt')

    await openai.responses.create({ model: 'claude', prompt })
    expect(asked('claude').messages).toHaveLength(2)
    let text = ''
    for await (const event of await openai.responses.create({ model: 'chat', prompt, input: 'Hi', stream: true }))
      if (event.type === 'response.output_text.delta') text += event.delta
    expect(text).toBe('You said: Hi')
  })

  test('is told which variable is missing', async () => {
    const failed = await openai.responses
      .create({ model: 'chat', prompt: { id: 'travel' }, input: 'Hi' })
      .catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(OpenAI.BadRequestError)
    expect(failed).toMatchObject({ code: 'invalid_request', param: 'prompt.variables.city' })
  })

  test('names one in a header on chat, with escapes', async () => {
    const ascii = JSON.stringify({ id: 'travel', variables }).replace('ö', '\\u00f6')
    const headers = { 'x-sluice-prompt': ascii, 'x-sluice-user': 'ada' }
    const completion = await openai.chat.completions.create({ model: 'chat', messages: [hi] }, { headers })
    expect(completion.choices[0]?.message.content).toBe('You said: Hi')
    expect(asked('chat').messages).toEqual([{ role: 'system', content: ADA }, KNOWS, ...EXAMPLE, hi])
  })
})

describe('the package of Anthropic', () => {
  const base = { max_tokens: 50, messages: [hi] }

  test('names one in a header, for a target that speaks Messages and for one that does not', async () => {
    const headers = { 'x-sluice-prompt': '{"id":"travel","variables":{"city":"K\\u00f6ln"}}', 'x-sluice-user': 'ada' }
    await anthropic.messages.create({ ...base, model: 'claude', system: 'Own' }, { headers })
    expect(asked('claude')).toMatchObject({
      system: [ADA, KNOWS.content, 'Own'].map((text) => ({ type: 'text', text })),
      messages: [...EXAMPLE, hi],
    })
    await anthropic.messages.create({ ...base, model: 'chat', system: 'Own' }, { headers })
    const own = { role: 'system', content: 'Own' }
    expect(asked('chat').messages).toEqual([{ role: 'system', content: ADA }, KNOWS, ...EXAMPLE, own, hi])
    await anthropic.messages.countTokens({ model: 'claude', messages: [hi] }, { headers })
    expect(asked('claude')).toMatchObject({ messages: [...EXAMPLE, hi] })
  })

  test('is told what is wrong, where its SDK looks for it', async () => {
    const headers = { 'x-sluice-prompt': 'travel' }
    const failed = await anthropic.messages.create({ ...base, model: 'claude' }, { headers }).catch((error) => error)
    expect(failed).toBeInstanceOf(Anthropic.BadRequestError)
    expect(String(failed)).toMatch(/x-sluice-prompt.*'city' is required/)
  })
})

test('two users of one tenant never share a recalled answer', async () => {
  const ask = async (headers: Record<string, string>, isolate: number): Promise<string> => {
    const { key } = sluice.keyOf('app')
    const body = { model: 'cached', messages: [hi] }
    const reply = await sluice.post(key, '/v1/chat/completions', body, { headers, url: sluice.urls[isolate] ?? '' })
    await sleep(RECALLABLE_MS)
    return cacheOf(reply)
  }
  expect(await ask({ 'x-sluice-user': 'ada' }, 0)).toBe('200 miss')
  expect(await ask({ 'x-sluice-user': 'ada' }, 0)).toBe('200 hit')
  expect(await ask({ 'x-sluice-user': 'ada' }, 1)).toBe('200 hit')
  expect(await ask({ 'x-sluice-user': 'bob' }, 0)).toBe('200 miss')
  expect(await ask({}, 0)).toBe('200 miss')
  expect(await ask({ 'x-sluice-user': 'nobody' }, 1)).toBe('200 hit')
})

test('a rollback and another profile are in force on every isolate', async () => {
  const { key } = sluice.keyOf('app')
  const seen = async (url: string, headers: Record<string, string>): Promise<unknown> => {
    await sluice.post(key, '/v1/chat/completions', { model: 'chat', messages: [hi] }, { headers, url })
    return pick(asked('chat').messages, '0', 'content')
  }
  const everywhere = (headers: Record<string, string>, text: string): Promise<unknown> =>
    Promise.all(
      sluice.urls.map((url) =>
        eventually(`${text} at ${url}`, IN_FORCE_MS, async () =>
          (await seen(url, headers)) === text ? true : undefined,
        ),
      ),
    )
  const saying = (content: string) => ({ messages: [{ role: 'system', content }] })
  const at = '/admin/tenants/app/prompts/greet'
  await sluice.done('PUT', at, saying('one'))
  const named = { 'x-sluice-prompt': 'greet' }
  for (const url of sluice.urls) expect(await seen(url, named)).toBe('one')
  await sluice.done('PUT', at, saying('two'))
  await everywhere(named, 'two')
  expect(await sluice.done('POST', `${at}/rollback`, { version: 1 })).toEqual({ id: 'greet', version: 3 })
  await everywhere(named, 'one')
  for (const url of sluice.urls) expect(await seen(url, { 'x-sluice-prompt': 'greet@2' })).toBe('two')

  const bob = (plan: string): string => `The user is <attributes>{"plan":"${plan}"}</attributes>, <tags>[]</tags>.`
  await profile('PUT', 'bob', { attributes: { plan: 'gold' } })
  // Whoever has put it reads it at once.
  expect(await seen(sluice.urls[0] ?? '', { 'x-sluice-user': 'bob' })).toBe(bob('gold'))
  await everywhere({ 'x-sluice-user': 'bob' }, bob('gold'))
  await profile('DELETE', 'bob')
  expect(await seen(sluice.urls[0] ?? '', { 'x-sluice-user': 'bob' })).toBe('Hi')
  await everywhere({ 'x-sluice-user': 'bob' }, 'Hi')
}, 60_000)

test('another tenant has neither the templates nor the users', async () => {
  const { key } = sluice.keyOf('other')
  const headers = { 'x-sluice-prompt': 'travel', 'x-sluice-user': 'ada' }
  const sent = { model: 'chat', messages: [hi] }
  const reply = await sluice.post(key, '/v1/chat/completions', sent, { headers })
  expect([reply.status, pick(reply.json, 'error', 'param')]).toEqual([400, 'x-sluice-prompt'])
  expect((await profile('GET', 'ada', undefined, 'other')).status).toBe(404)
  expect((await profile('DELETE', 'ada', undefined, 'other')).status).toBe(404)
  expect((await profile('GET', 'ada')).json).toMatchObject({ attributes: { plan: CANARY }, tags: ['vip'] })
})

test('what a profile says is in no file and no line of the log', async () => {
  expect(sluice.output()).not.toContain(CANARY)
  const files = readdirSync(sluice.state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.filter(({ name }) => name.endsWith('.sqlite')).length).toBeGreaterThanOrEqual(4)
  for (const { parentPath, name } of files)
    expect(readFileSync(join(parentPath, name)).includes(CANARY), name).toBe(false)
})
