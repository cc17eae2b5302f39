/** Flow of a body: in order, whole, within its window, at the reader's pace; and how it ends before its end. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Inflow, Outflow } from '../../../src/core/pool/flow.ts'
import { ACK_AFTER_BYTES, FRAME_CUT_BYTES, STREAM_WINDOW_BYTES } from '../../../src/core/pool/worker-limits.ts'

type Bytes = Uint8Array<ArrayBuffer>
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const bodyOf = (...pieces: Bytes[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece)
      controller.close()
    },
  })
const filled = (length: number): Bytes => Uint8Array.from({ length }, (_, index) => index % 251)
const joined = (pieces: readonly Uint8Array[]): Buffer => Buffer.concat(pieces)

it('brings every body through whole, never with more under way than the window', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(sizes, async (lengths) => {
      const pieces = lengths.map(filled)
      const out = new Outflow()
      let underWay = 0
      const inflow = new Inflow({
        acknowledge: (bytes) => {
          underWay -= bytes
          expect(out.acknowledged(bytes)).toBe(true)
        },
        cancelled: () => expect.fail('nobody cancelled'),
      })
      const sent = out
        .send(bodyOf(...pieces), (bytes) => {
          underWay += bytes.byteLength
          expect(bytes.byteLength).toBeLessThanOrEqual(FRAME_CUT_BYTES)
          expect(underWay).toBeLessThanOrEqual(STREAM_WINDOW_BYTES)
          expect(inflow.push(bytes)).toBe(true)
        })
        .then((isWhole) => {
          inflow.end()
          return isWhole
        })
      const got = Buffer.from(await new Response(inflow.body).arrayBuffer())
      expect(await sent).toBe(true)
      expect(got.equals(joined(pieces))).toBe(true)
    }),
    { numRuns: 6 },
  )
})

it('waits at the end of the window until somebody has read, and stops there when nobody wants more', async () => {
  const out = new Outflow()
  const sent: number[] = []
  const sending = out.send(bodyOf(filled(STREAM_WINDOW_BYTES + 10)), ({ byteLength }) => sent.push(byteLength))
  await turn()
  const total = () => sent.reduce((sum, length) => sum + length, 0)
  expect(total()).toBe(STREAM_WINDOW_BYTES)
  expect(out.acknowledged(4)).toBe(true)
  await turn()
  expect(total()).toBe(STREAM_WINDOW_BYTES + 4)
  expect(out.acknowledged(STREAM_WINDOW_BYTES + 1)).toBe(false)
  out.stop()
  expect(await sending).toBe(false)
})

it('stops a source that is waited for', async () => {
  const out = new Outflow()
  let cancelled = false
  const silent = new ReadableStream<Uint8Array>({
    cancel() {
      cancelled = true
    },
  })
  const sending = out.send(silent, () => {})
  await turn()
  out.stop()
  expect(await sending).toBe(false)
  expect(cancelled).toBe(true)
})

it('acknowledges what was read, and not what only came', async () => {
  const acknowledged: number[] = []
  let held = 0
  const inflow = new Inflow({
    acknowledge: (bytes) => acknowledged.push(bytes),
    cancelled: () => {},
    held: (bytes) => {
      held += bytes
    },
  })
  expect(inflow.push(filled(STREAM_WINDOW_BYTES - 1))).toBe(true)
  await turn()
  expect([acknowledged, held]).toEqual([[], STREAM_WINDOW_BYTES - 1])
  expect(inflow.push(filled(2))).toBe(false)
  const reader = inflow.body.getReader()
  await reader.read()
  expect([acknowledged, held]).toEqual([[STREAM_WINDOW_BYTES - 1], 0])
  inflow.push(filled(ACK_AFTER_BYTES - 1))
  await reader.read()
  expect(acknowledged).toHaveLength(1)
  inflow.push(filled(1))
  await reader.read()
  expect(acknowledged).toEqual([STREAM_WINDOW_BYTES - 1, ACK_AFTER_BYTES])
})

it('breaks for its reader, at once and with nothing held', async () => {
  let held = 0
  const inflow = new Inflow({
    acknowledge: () => {},
    cancelled: () => expect.fail('nobody cancelled'),
    held: (bytes) => {
      held += bytes
    },
  })
  const reader = inflow.body.getReader()
  const first = reader.read()
  await turn()
  inflow.push(filled(1))
  expect((await first).value).toHaveLength(1)
  inflow.push(filled(5))
  inflow.fail(new Error('gone'))
  await expect(reader.read()).rejects.toThrow('gone')
  expect(held).toBe(0)
  expect(inflow.push(filled(1))).toBe(true)
})

it('tells once that nobody reads on, and not of a body that had ended', async () => {
  let cancelled = 0
  const make = () =>
    new Inflow({
      acknowledge: () => {},
      cancelled: () => {
        cancelled += 1
      },
    })
  const inflow = make()
  const reader = inflow.body.getReader()
  const read = reader.read()
  await turn()
  await reader.cancel()
  expect((await read).done).toBe(true)
  expect(cancelled).toBe(1)
  const ended = make()
  ended.end()
  await ended.body.cancel()
  expect(cancelled).toBe(1)
})
