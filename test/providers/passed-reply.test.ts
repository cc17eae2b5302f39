/** A reply that passes as it came. */
import { expect, it } from 'vitest'
import { PassedReply } from '../../src/providers/passed-reply.ts'

it('has what the Response has, and the form that it is in', async () => {
  const reply = new PassedReply(new Response('{"a":1}', { status: 201, headers: { 'x-a': '1' } }), ['p'], 'messages')
  expect(reply).toMatchObject({ status: 201, form: 'messages', droppedParams: ['p'] })
  expect(reply.headers.get('x-a')).toBe('1')
  expect(reply.body).not.toBeNull()
  expect(await reply.text()).toBe('{"a":1}')
})

it('is in OpenAI’s form unless it is said to be in another', () => {
  expect(new PassedReply(new Response(null), []).form).toBe('openai')
})
