/** Pieces: all bytes in order, whichever kind of stream they come from, and none that nobody wants. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { joined, piecesOf } from '../../src/lib/pieces.ts'

async function all(body: ReadableStream<Uint8Array>): Promise<{ bytes: number[]; pieces: number }> {
  const pieces = piecesOf(body)
  const bytes: number[] = []
  for (let count = 0; ; count += 1) {
    const { value, done } = await pieces.read()
    if (value === undefined) {
      expect(done).toBe(true)
      return { bytes, pieces: count }
    }
    bytes.push(...value)
  }
}

/** A stream of bytes, or of chunks: only the first kind can be read into a buffer of the reader's own. */
function streamOf(chunks: readonly number[][], type?: 'bytes', seen: { cancelled?: unknown } = {}) {
  const left = [...chunks]
  return new ReadableStream<Uint8Array>({
    ...(type === undefined ? {} : { type }),
    pull(controller: ReadableStreamDefaultController<Uint8Array> & { byobRequest?: { respond(bytes: number): void } }) {
      const chunk = left.shift()
      if (chunk !== undefined) return controller.enqueue(new Uint8Array(chunk))
      controller.close()
      controller.byobRequest?.respond(0)
    },
    cancel(reason: unknown) {
      seen.cancelled = reason
    },
  } as unknown as UnderlyingSource<Uint8Array>)
}

it.each([['bytes'], [undefined]] as const)('reads a stream of %s to its end', async (type) => {
  expect(await all(streamOf([[1, 2], [3]], type))).toEqual({ bytes: [1, 2, 3], pieces: 2 })
  expect(await all(streamOf([], type))).toEqual({ bytes: [], pieces: 0 })
})

it('hands on what a stream fails with', async () => {
  const failing = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('gone')) })
  await expect(piecesOf(failing).read()).rejects.toThrow('gone')
  const taken = streamOf([])
  taken.getReader()
  expect(() => piecesOf(taken)).toThrow()
})

it.each([['bytes'], [undefined]] as const)('cancels a stream of %s', async (type) => {
  const seen: { cancelled?: unknown } = {}
  await piecesOf(streamOf([[1]], type, seen)).cancel('enough')
  expect(seen.cancelled).toBe('enough')
})

it('are joined, any of which may be empty, and one alone is not copied', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (pieces) => {
      expect([...joined(pieces)]).toEqual(pieces.flatMap((piece) => [...piece]))
    }),
  )
  const one = Uint8Array.of(1)
  expect(joined([new Uint8Array(0), one])).toBe(one)
})
