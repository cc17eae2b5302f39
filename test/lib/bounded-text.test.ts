/** A body read as text, up to a bound. */
import { expect, it, vi } from 'vitest'
import { boundedText } from '../../src/lib/bounded-text.ts'

const bytes = new TextEncoder().encode('aé日')
const inPieces = (size: number): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size))
      controller.close()
    },
  })

it('decodes characters that come in parts', async () => {
  for (const size of [1, 2, 100]) expect(await boundedText(inPieces(size), bytes.length)).toBe('aé日')
  expect(await boundedText(null, 1)).toBe('')
})

it('reads no further than its bound', async () => {
  const cancel = vi.fn()
  const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(bytes), cancel })
  expect(await boundedText(endless, 100)).toBeNull()
  expect(cancel).toHaveBeenCalledOnce()
})

it('rejects where the body breaks', async () => {
  const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('cut')) })
  await expect(boundedText(broken, 100)).rejects.toThrow('cut')
})
