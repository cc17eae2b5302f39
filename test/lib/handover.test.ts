/** Bytes handed over within one request: as through an IdentityTransformStream, but without one. */
import { expect, it } from 'vitest'
import { Handover, handedReply, isHanded, piecesIn } from '../../src/lib/handover.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (read: ReadableStreamReadResult<Uint8Array>): string | null =>
  read.value === undefined ? null : new TextDecoder().decode(read.value)

it('a read waits for what is written, and a write for the read', async () => {
  const handover = new Handover()
  const first = handover.read()
  await handover.write(bytes('a'))
  expect(text(await first)).toBe('a')
  let isTaken = false
  const writing = handover.write(bytes('b')).then(() => {
    isTaken = true
  })
  await Promise.resolve()
  expect(isTaken).toBe(false)
  expect(text(await handover.read())).toBe('b')
  await writing
  const end = handover.read()
  await handover.close()
  expect(await end).toEqual({ done: true, value: undefined })
  expect(await handover.read()).toEqual({ done: true, value: undefined })
})

it('what was written before the close is still read', async () => {
  const handover = new Handover()
  const writing = handover.write(bytes('a'))
  await handover.close()
  expect(text(await handover.read())).toBe('a')
  await writing
  expect((await handover.read()).done).toBe(true)
})

it('writes are read in their order, each once', async () => {
  const handover = new Handover()
  const writing = Promise.all(['a', 'b', 'c'].map((one) => handover.write(bytes(one))))
  const seen: (string | null)[] = []
  for (let count = 0; count < 3; count += 1) seen.push(text(await handover.read()))
  expect(seen).toEqual(['a', 'b', 'c'])
  await writing
})

it('a writer that goes fails the read, and a reader that goes the write', async () => {
  const left = new Handover()
  const reading = left.read()
  await left.abort(new Error('cut'))
  await expect(reading).rejects.toThrow('cut')
  await expect(left.read()).rejects.toThrow('cut')
  const cancelled = new Handover()
  const writing = cancelled.write(bytes('a'))
  await cancelled.cancel()
  await expect(writing).rejects.toThrow('the reader has gone')
  await expect(cancelled.write(bytes('b'))).rejects.toThrow('the reader has gone')
})

it('after the end neither can break it', async () => {
  const handover = new Handover()
  await handover.close()
  await handover.abort()
  await handover.cancel()
  expect((await handover.read()).done).toBe(true)
})

it('a reply is read in pieces as it was written', async () => {
  const { reply, to } = handedReply({ status: 201, headers: { 'x-a': 'b' } })
  expect([reply.status, reply.headers.get('x-a'), isHanded(reply)]).toEqual([201, 'b', true])
  const pieces = piecesIn(reply)
  const reading = pieces?.read()
  await to.write(bytes('one'))
  expect(reading === undefined ? null : text(await reading)).toBe('one')
  const ended = pieces?.read()
  await to.close()
  expect(await ended).toMatchObject({ done: true })
})

it('any other is read as it is', async () => {
  const reply = new Response('one')
  expect(isHanded(reply)).toBe(false)
  const read = await piecesIn(reply)?.read()
  expect(read === undefined ? null : text(read)).toBe('one')
})

it('a reply without a body has no pieces', () => {
  expect(piecesIn(new Response(null, { status: 204 }))).toBeNull()
})
