/** Reads replies whole, within their bounds. What is wrong with one is told; what breaks while it is read is thrown. */
import type { Hold } from '../core/byte-budget.ts'
import { UPSTREAM_REPLY_AT_ONCE_BYTES_MAX } from '../core/limits.ts'
import { joined } from '../lib/pieces.ts'
import type { ProviderReply } from '../providers/types.ts'
import type { Deadline } from './deadline.ts'

/** What bounds it. */
export interface Reading {
  readonly deadline: Deadline
  readonly idleMs: number
  /** What it takes of this isolate's memory. */
  readonly hold: Hold
}

const UTF8 = new TextDecoder()

/** Reads a body whole; null when it is larger than `most`. */
export async function readBody(
  reading: Reading,
  reply: ProviderReply,
  most: number,
): Promise<string | Uint8Array | null> {
  return (await readAtOnce(reading, reply)) ?? (await readBytes(reading, reply, most))
}

/** The same as text; empty where it is too large. */
export async function readText(reading: Reading, reply: ProviderReply, most: number): Promise<string> {
  return UTF8.decode((await readBytes(reading, reply, most)) ?? new Uint8Array(0))
}

/** The fast way for the common reply: short, and of a length that is known. Null where it is neither. */
async function readAtOnce({ deadline, idleMs }: Reading, reply: ProviderReply): Promise<string | null> {
  const length = Number(reply.headers.get('content-length') ?? Number.NaN)
  if (reply.text === undefined || !(length <= UPSTREAM_REPLY_AT_ONCE_BYTES_MAX)) return null
  // The length is that of the compressed bytes: what comes out of them may be a thousand times as much.
  if (reply.headers.get('content-encoding') !== null) return null
  deadline.arm(idleMs, 'idle')
  return reply.text()
}

/** Part by part: silence between them is bounded like a stream's. */
async function readBytes(reading: Reading, reply: ProviderReply, most: number): Promise<Uint8Array | null> {
  if (reply.body === null) return new Uint8Array(0)
  const reader = reply.body.getReader()
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    reading.deadline.arm(reading.idleMs, 'idle')
    const read = await reader.read()
    if (read.done) break
    length += read.value.length
    if (length > most) return null
    if (!reading.hold.take(read.value.length)) throw new Overloaded()
    parts.push(read.value)
  }
  return joined(parts)
}

/** There is no room for more of this reply: neither its provider nor another one could help. */
export class Overloaded extends Error {}
