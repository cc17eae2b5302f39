/** Which skin is spoken where, and what it makes of a request. */
import { expect, it } from 'vitest'
import { SKINS } from '../../src/edge/skins.ts'

const read = (path: string, body: Record<string, unknown>) => SKINS[path]?.read(body)

it('reads OpenAI’s bodies as they are', () => {
  const body = { model: 'm', messages: [], vendor: 1 }
  expect(read('/v1/chat/completions', body)).toEqual({ body })
  expect(SKINS['/v1/chat/completions']).toMatchObject({
    operation: 'chat',
    form: 'openai',
    canStream: true,
    encode: null,
  })
  expect(SKINS['/v1/embeddings']).toMatchObject({ operation: 'embeddings', canStream: false })
})

it('reads Messages as a chat, and keeps them as they came', () => {
  const body = { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }] }
  expect(read('/v1/messages', body)).toMatchObject({
    body: { model: 'm', messages: [{ role: 'user', content: 'Hi' }] },
    native: { form: 'messages', body },
  })
  expect(SKINS['/v1/messages']?.headers).toEqual(['anthropic-version', 'anthropic-beta'])
})

it('counts the tokens of a body as it came', () => {
  const body = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }
  expect(read('/v1/messages/count_tokens', body)).toMatchObject({ body, native: { form: 'messages', body } })
  expect(SKINS['/v1/messages/count_tokens']).toMatchObject({ operation: 'count_tokens', canStream: false })
})

it('reads Responses as a chat, and keeps them as they came, with what is to be kept of them', () => {
  const body = { model: 'm', input: 'Hi' }
  expect(read('/v1/responses', body)).toMatchObject({
    body: { model: 'm', messages: [{ role: 'user', content: 'Hi' }] },
    native: { form: 'responses', body },
  })
  const kept = { previous_response_id: 'resp_1', store: true, background: true }
  expect(read('/v1/responses', { ...body, ...kept })).toMatchObject({
    body: { model: 'm', messages: [{ role: 'user', content: 'Hi' }] },
    native: { form: 'responses', body: { ...body, ...kept } },
  })
})
