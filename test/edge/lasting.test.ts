/** What outlives a request, read from its headers and its body. */
import { describe, expect, it } from 'vitest'
import { lastingOf } from '../../src/edge/lasting.ts'
import { SKINS } from '../../src/edge/skins.ts'

const of = (path: string, headers: Record<string, string> = {}, body: object = {}) => {
  const skin = SKINS[path]
  if (skin === undefined) throw new Error(path)
  const native = { form: 'responses', body, headers: {}, dropped: [] }
  const exchange = { skin, request: path === '/v1/responses' ? { native } : {} } as unknown as Parameters<
    typeof lastingOf
  >[0]
  return lastingOf(exchange, new Headers(headers))
}

describe('chat and messages', () => {
  it.each(['/v1/chat/completions', '/v1/messages'])('%s: nothing, unless a header asks for it', (path) => {
    expect(of(path)).toBeNull()
    expect(of(path, { 'x-sluice-on-disconnect': 'cancel', 'x-sluice-user': 'u' })).toBeNull()
    expect(of(path, { 'x-sluice-session': 's' })).toMatchObject({ session: 's', store: false, background: false })
    expect(of(path, { 'x-sluice-on-disconnect': 'detach' })).toMatchObject({ onDisconnect: 'detach' })
    expect(of(path, { 'idempotency-key': 'k' })).toMatchObject({ idempotencyKey: 'k' })
  })
})

describe('responses', () => {
  it('are kept unless their caller says otherwise', () => {
    expect(of('/v1/responses')).toMatchObject({ store: true, background: false })
    expect(of('/v1/responses', {}, { store: false })).toBeNull()
  })

  it('name what they go on from', () =>
    expect(of('/v1/responses', {}, { previous_response_id: 'resp_1', background: true })).toMatchObject({
      previousResponseId: 'resp_1',
      background: true,
    }))

  it.each([['conv_1'], [{ id: 'conv_1' }]])('%j is a conversation', (conversation) =>
    expect(of('/v1/responses', {}, { conversation })).toMatchObject({ conversation: 'conv_1' }),
  )
})

it.each([
  ['idempotency-key', ''],
  ['idempotency-key', 'x'.repeat(256)],
  ['x-sluice-webhook', `https://e.example/${'x'.repeat(2048)}`],
  ['x-sluice-prompt', 'x'.repeat(9000)],
])('a malformed %s is refused by its name', (name, value) =>
  expect(of('/v1/chat/completions', { [name]: value })).toMatchObject({ code: 'invalid_request', param: name }),
)
