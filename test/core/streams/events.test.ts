/** Numbered events: the same however the bytes are cut, each with the id that it is resumed by. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  EventCounter,
  isFailure,
  isIncomplete,
  type Numbering,
  numberIn,
  PieceCounter,
  streamName,
} from '../../../src/core/streams/events.ts'

const ENCODER = new TextEncoder()
const UTF8 = new TextDecoder()

/** Everything that comes of a body cut at these places: `[number, text]`. */
function counted(body: string, cuts: readonly number[] = [], numbering: Numbering = 'count'): [number, string][] {
  const bytes = ENCODER.encode(body)
  const counter = new EventCounter('strm_1', numbering)
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
  const events = places.slice(1).flatMap((end, index) => counter.push(bytes.slice(places[index], end)))
  return [...events, ...counter.end()].map((event) => [event.number, UTF8.decode(event.bytes)])
}

test('each event has its number, in an id line of its own', () => {
  expect(counted('data: {"a":"é"}\n\nevent: x\ndata: 2\n\n')).toEqual([
    [0, 'id: strm_1:0\ndata: {"a":"é"}\n\n'],
    [1, 'id: strm_1:1\nevent: x\ndata: 2\n\n'],
  ])
})

test('however it is cut', () => {
  const body =
    ': keep-alive\n\ndata: 世界\r\n\r\n: sluice target=a/b attempts=1\n\nid: 7\ndata: 2\n\nevent: e\ndata: 3\n\ndata: rest'
  const whole = counted(body)
  expect(whole.map(([number]) => number)).toEqual([0, 1, 2, 3])
  fc.assert(
    fc.property(fc.array(fc.nat()), (cuts) => {
      expect(counted(body, cuts)).toEqual(whole)
    }),
  )
})

test('keep-alives are left out, what a comment tells goes with the next event, and foreign ids are dropped', () => {
  expect(counted(': keep-alive\n\n: sluice target=a/b attempts=2\n\nid: 9\ndata: x\n\n')).toEqual([
    [0, 'id: strm_1:0\n: sluice target=a/b attempts=2\ndata: x\n\n'],
  ])
})

test('events that number themselves keep their numbers; those between go on from there', () => {
  const numbered = (number: number): string => `data: {"sequence_number": ${number}}\n\n`
  expect(
    counted(`${numbered(0)}${numbered(3)}data: {}\n\n${numbered(2)}`, [], 'sequence').map(([number]) => number),
  ).toEqual([0, 3, 4, 5])
})

test.each([
  ['data: {"error":{"message":"no"}}\n\n', true],
  ['id: a:1\ndata: {"error":{}}\n\n', true],
  ['event: error\ndata: {}\n\n', true],
  ['id: a:1\nevent: response.failed\ndata: {}\n\n', true],
  ['data: {"choices":[],"error":null}\n\n', false],
  ['data: [DONE]\n\n', false],
  ['event: response.completed\ndata: {"x":"event: error\\n"}\n\n', false],
])('%j: is it a failure? %s', (event, is) => expect(isFailure(event)).toBe(is))

test.each([
  ['id: resp_1:9\nevent: response.incomplete\ndata: {}\n\n', true],
  ['event: response.completed\ndata: {"x":"event: response.incomplete\\n"}\n\n', false],
  ['data: [DONE]\n\n', false],
])('%j: was it cut short? %s', (event, is) => expect(isIncomplete(event)).toBe(is))

test.each([
  ['strm_1:12', 12],
  ['12', 12],
  ['0', 0],
  ['strm_2:12', null],
  ['', null],
  ['-1', null],
  ['1.5', null],
  ['strm_1:', null],
  ['1'.repeat(16), null],
])('%j names %s', (text, number) => expect(numberIn(text, 'strm_1')).toBe(number))

test('pieces without events are put together, and lose nothing', () => {
  const counter = new PieceCounter()
  const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251)
  const pieces = []
  for (let at = 0; at < bytes.length; at += 4096) pieces.push(...counter.push(bytes.subarray(at, at + 4096)))
  pieces.push(...counter.end())
  expect(pieces.map(({ number }) => number)).toEqual(pieces.map((_, index) => index))
  expect(pieces.length).toBeLessThan(6)
  expect(Uint8Array.from(pieces.flatMap((piece) => [...piece.bytes]))).toEqual(bytes)
  expect(counter.end()).toEqual([])
})

test('an end that ran out of room is one of Responses alone', () => {
  expect(isIncomplete('id: a:1\nevent: response.incomplete\ndata: {}\n\n')).toBe(true)
  expect(isIncomplete('event: response.completed\ndata: {"a":"event: response.incomplete"}\n\n')).toBe(false)
})

test('an object is named by what is unique in an id', () =>
  expect([streamName('strm_ab'), streamName('resp_ab')]).toEqual(['ab', 'ab']))
