/** What frames say in JSON: taken as it should be, and nothing else. */
import { expect, it } from 'vitest'
import {
  FrameFault,
  readAck,
  readFailure,
  readHead,
  readHello,
  readRequestHead,
  readReset,
  readWelcome,
} from '../../../src/core/pool/frame-values.ts'
import { STREAM_WINDOW_BYTES, WORKER_MODELS_MAX } from '../../../src/core/pool/worker-limits.ts'

const hello = { protocol: 1, instance: 'abcdef0123456789', models: ['llama/3.3:70b'], maxConcurrent: 16 }
const request = { method: 'POST', path: '/chat/completions?x=1', headers: { 'content-type': 'application/json' } }
const head = { status: 200, headers: { 'content-type': 'text/event-stream' } }

it('takes what is right, without what it does not know', () => {
  expect(readHello({ ...hello, kvTokens: 5, more: 1 })).toEqual({ ...hello, kvTokens: 5 })
  expect(readRequestHead({ ...request, more: 1 })).toEqual(request)
  expect(readHead(head)).toEqual(head)
  expect(readWelcome({ worker: 'AbCdEf12-abcdef01', epoch: 'abcdef01-2' })).toMatchObject({ epoch: 'abcdef01-2' })
  expect(readReset({ epoch: 'abcdef01' })).toEqual({ epoch: 'abcdef01' })
  expect(readFailure({ why: 'full' })).toEqual({ why: 'full' })
  expect(readAck({ bytes: STREAM_WINDOW_BYTES })).toEqual({ bytes: STREAM_WINDOW_BYTES })
})

it.each([
  ['a hello of no version', () => readHello({ ...hello, protocol: '1' })],
  ['an instance that could be a path', () => readHello({ ...hello, instance: '../../etc' })],
  ['no models', () => readHello({ ...hello, models: [] })],
  ['a model with a line break', () => readHello({ ...hello, models: ['a\nb'] })],
  ['a model that is no text', () => readHello({ ...hello, models: [1] })],
  ['too many models', () => readHello({ ...hello, models: Array(WORKER_MODELS_MAX + 1).fill('m') })],
  ['models of too many characters', () => readHello({ ...hello, models: Array(8).fill('m'.repeat(250)) })],
  ['no concurrency', () => readHello({ ...hello, maxConcurrent: 0 })],
  ['half a request', () => readHello({ ...hello, maxConcurrent: 1.5 })],
  ['a memory of no size', () => readHello({ ...hello, kvTokens: -1 })],
  ['a method that nobody sends', () => readRequestHead({ ...request, method: 'DELETE' })],
  ['a path that is a URL', () => readRequestHead({ ...request, path: 'http://elsewhere/' })],
  ['a path of too many characters', () => readRequestHead({ ...request, path: `/${'a'.repeat(2048)}` })],
  ['a header that is another line', () => readRequestHead({ ...request, headers: { 'x-a': 'b\r\nc: d' } })],
  ['a header whose name is none', () => readHead({ ...head, headers: { 'X A': 'b' } })],
  ['a header that is no text', () => readHead({ ...head, headers: { a: 1 } })],
  ['no headers', () => readHead({ status: 200 })],
  ['headers of too many characters', () => readHead({ ...head, headers: { a: 'b'.repeat(9000) } })],
  ['a status that is no answer', () => readHead({ ...head, status: 101 })],
  ['a status that is none', () => readHead({ ...head, status: 600 })],
  ['a failure of another kind', () => readFailure({ why: 'the prompt was …' })],
  ['an acknowledgement of nothing', () => readAck({ bytes: 0 })],
  ['an acknowledgement of more than can be', () => readAck({ bytes: STREAM_WINDOW_BYTES + 1 })],
  ['no object', () => readWelcome(null)],
  ['an epoch of no form', () => readReset({ epoch: '' })],
])('refuses %s', (_, read) => {
  expect(read).toThrow(FrameFault)
})
