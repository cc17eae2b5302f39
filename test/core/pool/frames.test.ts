/** Frames: what one side encodes the other reads, and everything else is a fault with a reason. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameFault } from '../../../src/core/pool/frame-values.ts'
import {
  encodeFrame,
  type Frame,
  nextStream,
  type PoolFrame,
  readPoolFrame,
  readWorkerFrame,
  type WorkerFrame,
} from '../../../src/core/pool/frames.ts'
import { FRAME_BYTES_MAX, FRAME_JSON_BYTES_MAX } from '../../../src/core/pool/worker-limits.ts'

const stream = fc.integer({ min: 0, max: 0xffff_ffff })
const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((some) => Uint8Array.from(some))
const headers = fc.dictionary(fc.stringMatching(/^[a-z-]{1,20}$/), fc.stringMatching(/^[ -~]{0,30}$/), { maxKeys: 8 })
const ack = fc.record({
  kind: fc.constant('ack' as const),
  stream,
  value: fc.record({ bytes: fc.integer({ min: 1, max: 1000 }) }),
})
const ofWorkers: fc.Arbitrary<WorkerFrame> = fc.oneof(
  fc.record({ kind: fc.constant('data' as const), stream, bytes }),
  fc.record({ kind: fc.constantFrom('end' as const, 'drain' as const, 'pong' as const), stream }),
  fc.record({
    kind: fc.constant('head' as const),
    stream,
    value: fc.record({ status: fc.integer({ min: 200, max: 599 }), headers }),
  }),
  ack,
)
const ofPools: fc.Arbitrary<PoolFrame> = fc.oneof(
  fc.record({ kind: fc.constant('body' as const), stream, bytes }),
  fc.record({ kind: fc.constantFrom('bodyEnd' as const, 'cancel' as const, 'ping' as const), stream }),
  fc.record({
    kind: fc.constant('request' as const),
    stream,
    value: fc.record({
      method: fc.constantFrom('GET' as const, 'POST' as const),
      path: fc.stringMatching(/^\/[!-~]{0,50}$/),
      headers,
    }),
  }),
  ack,
)

describe('a frame', () => {
  it('is read as it was written', () => {
    fc.assert(fc.property(ofWorkers, (frame) => void expect(readWorkerFrame(encodeFrame(frame).buffer)).toEqual(frame)))
    fc.assert(fc.property(ofPools, (frame) => void expect(readPoolFrame(encodeFrame(frame).buffer)).toEqual(frame)))
  })

  it('is nothing but itself when it is cut anywhere: read, or a fault', () => {
    fc.assert(
      fc.property(fc.oneof(ofWorkers, ofPools), (frame) => {
        const whole = encodeFrame(frame)
        for (let end = 0; end < whole.byteLength; end += 1) onlyFaults(whole.slice(0, end).buffer)
      }),
      { numRuns: 30 },
    )
  })

  it('is a fault, and nothing worse, when it is noise', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (some) => onlyFaults(Uint8Array.from(some).buffer)))
  })
})

describe('who sends it', () => {
  const request: Frame = { kind: 'request', stream: 1, value: { method: 'GET', path: '/', headers: {} } }

  it('is minded: neither side reads what only it may send', () => {
    expect(() => readWorkerFrame(encodeFrame(request).buffer)).toThrow('unknown type')
    expect(() => readPoolFrame(encodeFrame({ kind: 'end', stream: 1 }).buffer)).toThrow('unknown type')
  })
})

describe('its length', () => {
  const data = (length: number): ArrayBuffer =>
    encodeFrame({ kind: 'data', stream: 1, bytes: new Uint8Array(length) }).buffer

  it('is bounded, and not nothing', () => {
    expect(readWorkerFrame(data(FRAME_BYTES_MAX))).toMatchObject({ kind: 'data' })
    expect(() => readWorkerFrame(data(FRAME_BYTES_MAX + 1))).toThrow('wrong length')
    expect(() => readWorkerFrame(data(0))).toThrow('wrong length')
    expect(() => readWorkerFrame(new Uint8Array([4, 0, 0, 0, 1, 0]).buffer)).toThrow('wrong length')
    const long = new Uint8Array(FRAME_JSON_BYTES_MAX + 6)
    long[0] = 2
    expect(() => readWorkerFrame(long.buffer)).toThrow('wrong length')
    expect(() => readWorkerFrame(new Uint8Array([2, 0, 0, 0, 1, 123]).buffer)).toThrow('JSON')
  })
})

it('is numbered by streams that come round, but never by 0', () => {
  expect([nextStream(0), nextStream(7), nextStream(0xffff_fffe), nextStream(0xffff_ffff)]).toEqual([
    1, 8, 0xffff_ffff, 1,
  ])
})

function onlyFaults(message: ArrayBuffer): void {
  for (const read of [readWorkerFrame, readPoolFrame]) {
    try {
      read(message)
    } catch (error) {
      expect(error).toBeInstanceOf(FrameFault)
    }
  }
}
