/** Replies that are written as they come, for clients and for objects. */
import { expect, it } from 'vitest'
import { writtenReply } from '../../src/edge/written-reply.ts'
import { isHanded } from '../../src/lib/handover.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

for (const isOwned of [true, false]) {
  const whose = isOwned ? 'is an object' : 'is a client'

  it(`made anew, one whose reader ${whose} has all of its body`, async () => {
    const { reply, to } = writtenReply({ status: 201 }, isOwned)
    expect([reply.status, isHanded(reply)]).toEqual([201, isOwned])
    const read = new Response(reply.body, { status: 202 }).text()
    for (const piece of ['one ', 'two']) await to.write(bytes(piece))
    await to.close()
    expect(await read).toBe('one two')
  })

  it(`that its reader, which ${whose}, has left is told to the writer`, async () => {
    const { reply, to } = writtenReply({}, isOwned)
    await reply.body?.cancel()
    await expect(to.write(bytes('a'))).rejects.toThrow()
  })
}
