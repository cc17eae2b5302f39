/** Frames through the whole Worker: how a request names them, what is refused, and what they are part of. */
import { describe, expect, it } from 'vitest'
import type { Template } from '../../src/core/prompts/types.ts'
import type { Tenant } from '../../src/core/tenant.ts'
import { chat, whole } from '../support/wire.ts'
import { CONFIG, isolate, upstream } from '../support/worker.ts'

const CHAT = '/v1/chat/completions'
const TRAVEL: Template = {
  messages: [{ role: 'system', content: 'In {{city}}.' }],
  variables: { city: { type: 'string', maxChars: 20 } },
}
const ABOUT: Template = {
  messages: [{ role: 'system', content: 'About {{user}}: {{attributes}}{{tags}}' }],
  variables: { user: { type: 'string' }, attributes: { type: 'json' }, tags: { type: 'json' } },
}
const PARIS = { role: 'system', content: 'In <city>"Paris"</city>.' }
const models = { ...CONFIG.models, cached: { ...CONFIG.models.priced, cache: { exact: true } } }

/** A tenant with both templates, and users with profiles. */
async function world(more: Partial<Tenant> = {}, profiles: Record<string, object> = {}) {
  const at = await isolate({ scripts: [upstream(whole('fine'))], tenant: more, config: { ...CONFIG, models } })
  const prompts = at.services.promptAdmin(at.place)
  await prompts.put('travel', TRAVEL, 'ops')
  await prompts.put('about', ABOUT, 'ops')
  const headers = { authorization: `Bearer ${at.key}`, 'content-type': 'application/json' }
  for (const [user, profile] of Object.entries(profiles)) {
    const init = { method: 'PUT', headers, body: JSON.stringify(profile) }
    expect((await at.fetch(`/v1/users/${user}/profile`, init)).status).toBe(201)
  }
  const messages = () => at.calls.at(-1)?.body.messages as { role: string; content: string }[]
  return { ...at, prompts, messages }
}
const header = (value: unknown): Record<string, string> => ({
  'x-sluice-prompt': typeof value === 'string' ? value : JSON.stringify(value),
})
const errorOf = async (reply: Response) => ({
  status: reply.status,
  ...((await reply.json()) as { error: object }).error,
})

describe('a template', () => {
  it('by header: of a name, of a version, and with variables beyond ASCII', async () => {
    const at = await world()
    const plain: Template = { messages: [{ role: 'user', content: 'One' }] }
    await at.prompts.put('plain', plain, 'ops')
    await at.prompts.put('plain', { messages: [{ role: 'user', content: 'Two' }] }, 'ops')
    for (const [value, first] of [
      ['plain', { role: 'user', content: 'Two' }],
      ['plain@1', { role: 'user', content: 'One' }],
      [
        { id: 'plain', version: '1' },
        { role: 'user', content: 'One' },
      ],
      ['{"id":"travel","variables":{"city":"K\\u00f6ln"}}', { role: 'system', content: 'In <city>"Köln"</city>.' }],
    ] as const) {
      expect((await at.post(CHAT, chat('priced', false), header(value))).status).toBe(200)
      expect(at.messages()[0]).toEqual(first)
      expect(at.messages()).toHaveLength(2)
    }
  })

  it('by the body of Responses, with no input or with one', async () => {
    const at = await world()
    const prompt = { id: 'travel', version: 1, variables: { city: { type: 'input_text', text: 'Paris' } } }
    expect((await at.post('/v1/responses', { model: 'priced', prompt })).status).toBe(200)
    expect(at.messages()).toEqual([PARIS])
    expect((await at.post('/v1/responses', { model: 'priced', prompt, input: 'Hi', instructions: 'Own' })).status).toBe(
      200,
    )
    expect(at.messages()).toEqual([PARIS, { role: 'system', content: 'Own' }, { role: 'user', content: 'Hi' }])
    expect(await errorOf(await at.post('/v1/responses', { model: 'priced' }))).toMatchObject({
      status: 400,
      param: 'input',
    })
  })

  it('by header on Messages', async () => {
    const at = await world()
    const sent = { model: 'priced', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }
    expect((await at.post('/v1/messages', sent, header({ id: 'travel', variables: { city: 'Paris' } }))).status).toBe(
      200,
    )
    expect(at.messages()).toEqual([PARIS, { role: 'user', content: 'Hi' }])
  })

  it.each<[string, unknown, RegExp]>([
    ['prompt', 'travel', /expected object/],
    ['prompt.id', {}, /prompt.id/],
    ['prompt.id', { id: '' }, /name of a template/],
    ['prompt.id', { id: 'nothing' }, /no prompt template 'nothing'/],
    ['prompt.version', { id: 'travel', version: 'newest' }, /number of a version/],
    ['prompt.version', { id: 'travel', version: 7 }, /no version 7/],
    ['prompt.variables', { id: 'travel', variables: [] }, /values by name/],
    ['prompt.variables.city', { id: 'travel' }, /'city' is required/],
    ['prompt.variables.city', { id: 'travel', variables: { city: 7 } }, /'city' must be a string/],
    ['prompt.variables.city', { id: 'travel', variables: { city: 'x'.repeat(21) } }, /at most 20 characters/],
    [
      'prompt.variables.town',
      { id: 'travel', variables: { city: 'x', town: 'y' } },
      /'town' is no variable.*It has city/,
    ],
    ['prompt.model', { id: 'travel', model: 'x' }, /id, version and variables/],
  ])('is refused where %s is wrong: 400, recorded, nobody asked', async (param, prompt, message) => {
    const at = await world()
    const reply = await at.post('/v1/responses', { model: 'priced', prompt, input: 'Hi' })
    expect(await errorOf(reply)).toMatchObject({
      ...{ status: 400, code: 'invalid_request', param, message: expect.stringMatching(message) },
    })
    expect(at.calls).toEqual([])
  })

  it.each([
    ['a b', /NAME, NAME@VERSION, or JSON/],
    ['travel@x', /NAME, NAME@VERSION, or JSON/],
    ['{"id":"travel","variables":{"city":"Köln"}}', /escapes for what is not ASCII/],
    ['{"id":', /NAME, NAME@VERSION, or JSON/],
    ['travel', /'city' is required/],
    ['travel@9', /no version 9/],
    ['{"id":"travel","variables":{"city":1}}', /'city' must be a string/],
  ])('named %s in the header is refused by that name', async (value, message) => {
    const at = await world()
    for (const [path, sent] of [
      [CHAT, chat('priced', true)],
      ['/v1/responses', { model: 'priced', input: 'Hi' }],
    ] as const) {
      expect(await errorOf(await at.post(path, sent, header(value)))).toMatchObject({
        ...{ status: 400, param: 'x-sluice-prompt', message: expect.stringMatching(message) },
      })
    }
    expect((await at.rows()).map(({ outcome, status }) => [outcome, status])).toEqual([
      ['refused', 400],
      ['refused', 400],
    ])
  })

  it('is named once, and where there are messages', async () => {
    const at = await world()
    const twice = { model: 'priced', input: 'Hi', prompt: { id: 'travel' } }
    expect(await errorOf(await at.post('/v1/responses', twice, header('travel')))).toMatchObject({ status: 400 })
    const sent = { model: 'priced', input: 'Hi' }
    expect(await errorOf(await at.post('/v1/embeddings', sent, header('travel')))).toMatchObject({
      ...{ status: 400, param: 'x-sluice-prompt' },
    })
  })

  it('of another tenant is none', async () => {
    await world()
    const other = await isolate({ config: CONFIG })
    expect(await errorOf(await other.post(CHAT, chat('priced', false), header('travel@1')))).toMatchObject({
      ...{ status: 400, message: expect.stringContaining("no prompt template 'travel'") },
    })
  })

  it('that cannot be read is a 503 to be tried again, in the skin’s own words', async () => {
    const prompts = { template: () => Promise.reject(new Error('far')) }
    const at = await isolate({ services: { prompts } })
    const reply = await at.post(CHAT, chat('priced', false), header('travel'))
    expect(reply.headers.get('retry-after-ms')).toBe('1000')
    expect(await errorOf(reply)).toMatchObject({ status: 503, code: 'overloaded' })
  })
})

describe('a profile', () => {
  const profiles = { ada: { attributes: { plan: 'pro' }, tags: ['vip'] }, bob: { tags: ['new'] } }
  const ADA = 'About <user>"ada"</user>: <attributes>{"plan":"pro"}</attributes><tags>["vip"]</tags>'

  it('goes into the system prompt of its user, before the template', async () => {
    const at = await world({ profileTemplate: 'about' }, profiles)
    const both = { ...header({ id: 'travel', variables: { city: 'Paris' } }), 'x-sluice-user': 'ada' }
    await at.post(CHAT, chat('priced', false), both)
    expect(at.messages().slice(0, 2)).toEqual([{ role: 'system', content: ADA }, PARIS])
    const sent = { model: 'priced', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }
    for (const [path, body] of [
      ['/v1/messages', sent],
      ['/v1/responses', { model: 'priced', input: 'Hi' }],
    ] as const) {
      await at.post(path, body, { 'x-sluice-user': 'ada' })
      expect(at.messages()).toEqual([
        { role: 'system', content: ADA },
        { role: 'user', content: 'Hi' },
      ])
    }
  })

  it('is nothing for other users, without the header, and on what has no messages', async () => {
    const at = await world({ profileTemplate: 'about' }, profiles)
    for (const headers of [{}, { 'x-sluice-user': 'eve' }] as Record<string, string>[]) {
      await at.post(CHAT, chat('priced', false), headers)
      expect(at.messages()).toHaveLength(1)
    }
    await at.post('/v1/embeddings', { model: 'priced', input: 'x' }, { 'x-sluice-user': 'ada' })
    expect(at.calls.at(-1)?.body).toMatchObject({ input: 'x' })
  })

  it('asks no object where the tenant has no template for it', async () => {
    const asked: string[] = []
    const users = {
      profile: async (_: unknown, user: string) => {
        asked.push(user)
        return null
      },
    } as never
    const at = await isolate({ scripts: [upstream(whole('fine'))], services: { users } })
    await at.post(CHAT, chat('priced', false), { 'x-sluice-user': 'ada' })
    await at.post('/v1/responses', { model: 'priced', input: 'Hi' }, { 'x-sluice-user': 'ada' })
    expect(asked).toEqual([])
    const framed = await isolate({ services: { users }, tenant: { profileTemplate: 'about' } })
    await framed.post('/v1/embeddings', { model: 'priced', input: 'x' }, { 'x-sluice-user': 'ada' })
    expect(asked).toEqual([])
  })

  it('is the operator’s to mend where its template is missing', async () => {
    const at = await world({ profileTemplate: 'gone' }, profiles)
    const reply = await at.post(CHAT, chat('priced', false), { 'x-sluice-user': 'ada' })
    expect(await errorOf(reply)).toMatchObject({ status: 503, code: 'misconfigured' })
  })
})

describe('recall', () => {
  const profiles = { ada: { tags: ['vip'] }, bob: { tags: ['new'] }, twin: { tags: ['vip'] } }
  const cacheOf = async (at: Awaited<ReturnType<typeof world>>, headers: Record<string, string>): Promise<string> => {
    const reply = await at.post(CHAT, chat('cached', false), headers)
    await reply.text()
    await at.settle()
    return `${reply.status} ${reply.headers.get('x-sluice-cache')}`
  }

  it('never gives one user what another’s profile was answered, known body or not', async () => {
    const at = await world({ profileTemplate: 'about' }, profiles)
    const [ada, bob] = [{ 'x-sluice-user': 'ada' }, { 'x-sluice-user': 'bob' }]
    expect(await cacheOf(at, ada)).toBe('200 miss')
    expect(await cacheOf(at, ada)).toBe('200 hit')
    expect(await cacheOf(at, ada)).toBe('200 hit')
    expect(await cacheOf(at, bob)).toBe('200 miss')
    expect(await cacheOf(at, {})).toBe('200 miss')
    expect(at.messages()).toHaveLength(1)
    expect(await cacheOf(at, bob)).toBe('200 hit')
    expect(await cacheOf(at, { 'x-sluice-user': 'eve' })).toBe('200 hit')
    expect(at.calls).toHaveLength(3)
  })

  it('knows a request by its template’s text and values', async () => {
    const at = await world()
    const paris = header({ id: 'travel', variables: { city: 'Paris' } })
    expect(await cacheOf(at, paris)).toBe('200 miss')
    expect(await cacheOf(at, paris)).toBe('200 hit')
    expect(await cacheOf(at, header({ id: 'travel', variables: { city: 'Rome' } }))).toBe('200 miss')
    expect(await cacheOf(at, {})).toBe('200 miss')
    await at.prompts.put('town', { ...TRAVEL, description: 'The same words' }, 'ops')
    expect(await cacheOf(at, header({ id: 'town', variables: { city: 'Paris' } }))).toBe('200 hit')
  })
})

it('reserves for the frame, too', async () => {
  const limits = [{ name: 'tpm', of: 'tokens', amount: 5000, perSeconds: 60, hard: true } as const]
  const at = await world({ limits })
  const long: Template = { messages: [{ role: 'system', content: 'word '.repeat(10_000) }] }
  await at.prompts.put('long', long, 'ops')
  const sent = chat('priced', false, { max_tokens: 10 })
  expect((await at.soon(at.post(CHAT, sent))).status).toBe(200)
  const reply = await at.soon(at.post(CHAT, sent, header('long')))
  expect(await errorOf(reply)).toMatchObject({ status: 429, code: 'token_limit_exceeded' })
})
