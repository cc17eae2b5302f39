/** What a request goes on from, put before what it asks itself; and what is kept for others to go on from. */
import { describe, expect, it } from 'vitest'
import { REQUEST_BODY_BYTES_MAX } from '../../../src/core/limits.ts'
import { BodyBudget } from '../../../src/edge/body.ts'
import type { Exchange, Lasting } from '../../../src/edge/exchange.ts'
import type { FinalAnswer } from '../../../src/edge/kept/answer-reader.ts'
import { keepResponse, withContext, withPrevious } from '../../../src/edge/kept/previous.ts'
import { putKept, readKept } from '../../../src/edge/kept/record.ts'
import { KnownBodies } from '../../../src/edge/known-bodies.ts'
import { SKINS } from '../../../src/edge/skins.ts'
import { WrittenHeaders } from '../../../src/edge/written-headers.ts'
import { entered, nobody, requestOf } from '../../support/entered.ts'

type Json = Readonly<Record<string, unknown>>

const lasting = (more: Partial<Lasting> = {}): Lasting => ({
  session: undefined,
  onDisconnect: undefined,
  prompt: undefined,
  webhook: undefined,
  idempotencyKey: undefined,
  background: false,
  store: true,
  previousResponseId: undefined,
  conversation: undefined,
  template: undefined,
  ...more,
})
const message = (text: string, more: Json = {}): Json => ({
  type: 'message',
  role: 'user',
  content: [{ type: 'input_text', text }],
  ...more,
})
const said = (id: string, text: string): Json => ({
  type: 'message',
  id,
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text, annotations: [] }],
})
const answered = (id: string, output: readonly Json[], status = 'completed') => ({ id, status, output })
const finalOf = (response: Json): FinalAnswer => ({
  items: [],
  response,
  completion: null,
  target: 'up/m',
  status: 'completed',
})

/** An exchange of the Responses skin, whose body was read. */
async function setUp(body: Json = { model: 'priced', input: 'now' }) {
  const at = await entered()
  const edge = { ...at, bodies: new BodyBudget(at.clock), known: new KnownBodies(), written: new WrittenHeaders() }
  const skin = SKINS['/v1/responses']
  const read = skin?.read(body)
  if (skin === undefined || read === undefined || 'param' in read) throw new Error('it can be read')
  const text = JSON.stringify(body)
  const sizes = { bodyBytes: text.length, bodyChars: text.length }
  const native = { form: 'responses', dropped: [], ...read.native, headers: {}, body } as const
  let released = 0
  const exchange: Exchange = {
    skin,
    entry: at.entry,
    request: requestOf('priced', at.clock.now(), { body: read.body, native, ...sizes }),
    client: { signal: nobody },
    headers: { 'x-request-id': 'r' },
    release: () => void released++,
    isOwned: false,
    text,
  }
  return { ...at, edge, exchange, released: () => released }
}

describe('withPrevious', () => {
  it('does nothing for a request that goes on from nothing', async () => {
    const { edge, exchange } = await setUp()
    expect(await withPrevious(edge, exchange, lasting())).toEqual({ exchange, context: [] })
  })

  it('puts all before it in, and has it counted', async () => {
    const at = await setUp()
    const { edge, exchange } = at
    const context = [message('one', { id: 'msg_a' }), said('msg_b', 'first')]
    const output = [said('msg_d', 'second')]
    const input = [message('two', { id: 'msg_c' })]
    await putKept(at.services, at.entry.caller, 'resp_1', { response: answered('resp_1', output), input, context })
    const going = await withPrevious(edge, exchange, lasting({ previousResponseId: 'resp_1' }))
    if ('code' in going) throw new Error(going.message)
    expect(going.context).toEqual([...context, ...input, ...output])
    const { request, text, release } = going.exchange
    expect(request.body.messages).toEqual([
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'first' },
      { role: 'user', content: 'two' },
      { role: 'assistant', content: 'second' },
      { role: 'user', content: 'now' },
    ])
    const added = JSON.stringify(going.context).length
    expect(request.bodyBytes).toBeGreaterThanOrEqual(exchange.request.bodyBytes + added)
    expect(request.bodyChars).toBeGreaterThanOrEqual(exchange.request.bodyChars + added)
    expect(text).toBeNull()
    expect(request.native?.body.input).toEqual([...going.context, { role: 'user', content: 'now' }])
    release()
    expect(at.released()).toBe(1)
    await at.settle()
  })

  it.each([
    ['completed', null],
    ['incomplete', null],
    ['in_progress', /still in progress/],
    ['queued', /still in progress/],
    ['failed', /not answered/],
    ['cancelled', /not answered/],
  ])('of a response that is %s', async (status, refused) => {
    const at = await setUp()
    const response = answered('resp_1', [], status)
    await putKept(at.services, at.entry.caller, 'resp_1', { response, input: [], context: [] })
    const going = await withPrevious(at.edge, at.exchange, lasting({ previousResponseId: 'resp_1' }))
    if (refused === null) expect(going).not.toHaveProperty('code')
    else
      expect(going).toMatchObject({
        code: 'invalid_request',
        param: 'previous_response_id',
        message: expect.stringMatching(refused),
      })
    await at.settle()
  })

  it('says that there is none, and that nobody can tell', async () => {
    const { edge, exchange, services, lines } = await setUp()
    const asking = lasting({ previousResponseId: 'resp_none' })
    expect(await withPrevious(edge, exchange, asking)).toMatchObject({
      status: 400,
      param: 'previous_response_id',
      message: "Previous response with id 'resp_none' not found.",
    })
    const responses = { ...services.responses, get: () => Promise.reject(new TypeError('secret')) }
    const down = { ...edge, services: { ...services, responses } }
    expect(await withPrevious(down, exchange, asking)).toMatchObject({ code: 'overloaded' })
    expect(lines).toEqual([{ level: 'error', event: 'response-not-read', error: 'TypeError' }])
  })

  it('puts items of ours in where they are referred to, without going on from them', async () => {
    const unique = '0123456789abcdef0123456789abcdef'
    const id = `msg_${unique}_0`
    const at = await setUp({ model: 'priced', input: [{ type: 'item_reference', id }, message('and?')] })
    const response = answered(`resp_${unique}`, [said(id, 'before')])
    await putKept(at.services, at.entry.caller, `resp_${unique}`, { response, input: [], context: [] })
    expect(at.exchange.request.native?.unsayable).toBeDefined()
    const going = await withPrevious(at.edge, at.exchange, lasting())
    if ('code' in going) throw new Error(going.message)
    expect(going.exchange.request.body.messages).toEqual([
      { role: 'assistant', content: 'before' },
      { role: 'user', content: 'and?' },
    ])
    expect(going.exchange.request.native).not.toHaveProperty('unsayable')
    expect(going.context).toEqual([])
    await at.settle()
  })
})

describe('withContext', () => {
  it('refuses what is too long with it, and names the way out', async () => {
    const { edge, exchange } = await setUp()
    const long = message('x'.repeat(REQUEST_BODY_BYTES_MAX))
    expect(withContext(edge, exchange, [long])).toMatchObject({
      code: 'invalid_request',
      param: 'previous_response_id',
      message: expect.stringContaining('Begin a new one'),
    })
  })

  it('holds memory for it until it is released, and refuses where there is none', async () => {
    const { edge, exchange } = await setUp()
    const long = message('x'.repeat(9_000_000))
    const held = [1, 2, 3].map(() => withContext(edge, exchange, [long]))
    expect(withContext(edge, exchange, [long])).toMatchObject({ code: 'overloaded' })
    for (const one of held) if (!('code' in one)) one.exchange.release()
    expect(withContext(edge, exchange, [long])).not.toHaveProperty('code')
  })
})

describe('keepResponse', () => {
  it('keeps the answer as it was told, and the truth about its keeping', async () => {
    const at = await setUp()
    const response = { ...answered('resp_9', [said('msg_9', 'yes')]), store: false, previous_response_id: null }
    const context = [message('one', { id: 'msg_a' })]
    const asked = lasting({ previousResponseId: 'resp_8', background: true, conversation: 'conv_1' })
    await keepResponse(at.edge, at.exchange, asked, context, finalOf(response))
    const kept = await readKept(at.services, at.entry.caller, 'resp_9', ['response', 'input', 'context'])
    expect(kept?.response).toEqual({
      ...response,
      store: true,
      background: true,
      previous_response_id: 'resp_8',
      conversation: { id: 'conv_1' },
    })
    expect(kept?.context).toEqual(context)
    expect(kept?.input).toMatchObject([{ id: expect.stringMatching(/^msg_in_/), content: [{ text: 'now' }] }])
    await at.settle()
  })

  it('keeps nothing that has no id to be kept under', async () => {
    const { edge, exchange } = await setUp()
    for (const response of [answered('', []), { output: [] }])
      await expect(keepResponse(edge, exchange, lasting(), [], finalOf(response))).rejects.toThrow(TypeError)
  })
})
