/** Headers of ours on a request: which values they take, and what the path is told. */
import { expect, it } from 'vitest'
import { requestOptions } from '../../src/edge/request-options.ts'

const read = (headers: Record<string, string>) => requestOptions(new Headers(headers))
const NONE = {
  timeoutMs: undefined,
  firstTokenMs: undefined,
  maxWaitMs: undefined,
  user: undefined,
  cacheMode: undefined,
  cacheTtlSeconds: undefined,
  debug: false,
  traceparent: undefined,
}
const ID = '1 to 128 printable ASCII characters without spaces'
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

it('reads nothing where nothing was sent, and ignores what it does not know', () => {
  expect(read({})).toEqual(NONE)
  expect(read({ 'x-sluice-unheard-of': '\u00ff ?', 'idempotency-key': 'x' })).toEqual(NONE)
})

it('reads the two bounds, each its own', () => {
  expect(read({ 'x-sluice-timeout-ms': '3600000', 'x-sluice-first-token-ms': '1' })).toEqual({
    ...NONE,
    timeoutMs: 3_600_000,
    firstTokenMs: 1,
  })
})

it('takes 0 for no bound of the caller', () => {
  expect(read({ 'x-sluice-timeout-ms': '0', 'x-sluice-first-token-ms': '0' })).toEqual(NONE)
})

it('takes 0 for no wait at all, which is not the same as nothing said', () => {
  expect(read({ 'x-sluice-max-wait-ms': '0' })).toEqual({ ...NONE, maxWaitMs: 0 })
  expect(read({ 'x-sluice-max-wait-ms': '15000' })).toEqual({ ...NONE, maxWaitMs: 15_000 })
})

it('hands on the end user as it was written', () => {
  expect(read({ 'x-sluice-user': 'User@Example' })).toEqual({ ...NONE, user: 'User@Example' })
})

it.each([
  ['x-sluice-timeout-ms', ['0', '1', '3600000'], ['3600001', '-1', '1.5', '1e3', '', ' 12 3', 'soon', '99999999']],
  ['x-sluice-first-token-ms', ['0', '3600000'], ['3600001', '-1', '0x10', '']],
  ['x-sluice-max-wait-ms', ['0', '3600000'], ['3600001', '-1', '']],
  ['x-sluice-cache', ['auto', 'refresh', 'no-store', 'off'], ['on', 'Auto', '', 'auto, off']],
  ['x-sluice-cache-ttl', ['1', '2592000'], ['0', '2592001', '-5', '1.5', '', '10000000']],
  ['x-sluice-session', ['!', '~'.repeat(128), 'a/b:c'], ['', 'a b', 'x'.repeat(129), '\u00e9']],
  ['x-sluice-user', ['u@example', 'x'.repeat(128)], ['', 'a b', 'x'.repeat(129), '\u00e9']],
  ['x-sluice-priority', ['interactive', 'batch'], ['high', '']],
  ['x-sluice-on-disconnect', ['cancel', 'detach'], ['stay', '']],
  ['x-sluice-debug', ['1'], ['0', 'true', '']],
])('%s', (name, good, bad) => {
  for (const value of good) expect(read({ [name]: value }), value).not.toHaveProperty('code')
  for (const value of bad)
    expect(read({ [name]: value }), value).toMatchObject({ code: 'invalid_request', status: 400, param: name })
})

it('says what a value must be', () => {
  const message = (name: string) => (read({ [name]: '?? ' }) as { message?: string }).message
  expect(message('x-sluice-timeout-ms')).toBe("The header 'x-sluice-timeout-ms' must be 0 to 3600000.")
  expect(message('x-sluice-cache')).toBe("The header 'x-sluice-cache' must be auto, refresh, no-store or off.")
  expect((read({ 'x-sluice-user': 'a b' }) as { message?: string }).message).toBe(
    `The header 'x-sluice-user' must be ${ID}.`,
  )
})

it('hands on a trace context, and drops a malformed one without a word', () => {
  expect(read({ traceparent: TRACEPARENT })).toEqual({ ...NONE, traceparent: TRACEPARENT })
  for (const traceparent of ['', 'x', `${TRACEPARENT}0`, TRACEPARENT.toUpperCase(), TRACEPARENT.slice(0, -1)])
    expect(read({ traceparent }), traceparent).toEqual(NONE)
})
