/** Byte fidelity: what a client receives from an OpenAI-protocol target is what the target sent, however it was cut. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { chat } from '../support/wire.ts'
import { recorded, type Shape, sentBytes, shapes, withoutUsage } from './stream-shapes.ts'

const FOLDER = join(import.meta.dirname, '../fixtures/streams')
const vendors = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.sse'))
  .map((file) => recorded(file.replace(/\.sse$/, ''), readFileSync(join(FOLDER, file))))
const all = [...vendors, ...shapes]
/** Streams short enough to be cut in two at every byte. */
const EVERY_CUT_OF = ['plain-lf', 'comment-after-data-crlf', 'multi-line-data-cr', 'blank-lines-between']
const AT_ONCE = 8

/** A stream sent in more pieces than this says nothing that a shorter one does not. */
const PIECES_MAX = 12_000

/** Chunk sizes in turn: one byte at a time meets every state of a reader, primes drift across every boundary. */
const CUTS: readonly { readonly sizes: readonly number[]; readonly usage: readonly boolean[] }[] = [
  { sizes: [1], usage: [false, true] },
  { sizes: [2], usage: [false] },
  { sizes: [3, 1], usage: [true] },
  { sizes: [7], usage: [false] },
  { sizes: [13, 1, 1], usage: [true] },
  { sizes: [31], usage: [false] },
  { sizes: [4096], usage: [false, true] },
]

let origin: ScriptedOrigin
let sluice: TestSluice
let key: string
/** What to send for the request that carries this number. */
const pending = new Map<string, { bytes: Buffer; sizes: readonly number[] }>()
let counter = 0

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('bytes', async (call) => {
    const plan = pending.get(String(call.json.user))
    if (plan === undefined) return await call.reply(500, '{}')
    await call.head(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    let from = 0
    for (let index = 0; from < plan.bytes.length; index += 1) {
      const size = plan.sizes[index % plan.sizes.length] ?? 1
      // Each piece is an HTTP chunk of its own. Waiting for every byte would take minutes, waiting for none fills memory.
      const written = call.write(plan.bytes.subarray(from, from + size))
      if (index % 64 === 0) await written
      from += size
    }
    await call.end()
  })
  sluice = await setUp({
    config: {
      providers: { bytes: { protocol: 'openai', baseUrl: origin.url('bytes') } },
      models: { bytes: { targets: [{ provider: 'bytes', model: 'm' }], retries: 0 } },
    },
    tenants: [{ id: 'bytes' }],
  })
  key = sluice.keyOf('bytes').key
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

/** Sends a stream through in pieces of these sizes, and checks what comes out. */
async function passes(shape: Shape, sizes: readonly number[], wantsUsage: boolean): Promise<void> {
  counter += 1
  const user = String(counter)
  pending.set(user, { bytes: sentBytes(shape), sizes })
  const reply = await sluice.post(
    key,
    '/v1/chat/completions',
    chat('bytes', true, { user, ...(wantsUsage ? { stream_options: { include_usage: true } } : {}) }),
  )
  pending.delete(user)
  const expected = wantsUsage ? sentBytes(shape) : withoutUsage(shape)
  const where = `${shape.name}, pieces of ${sizes.join(', ')}, ${wantsUsage ? 'with' : 'without'} usage`
  expect(reply.status, where).toBe(200)
  expect(reply.complete, where).toBe(true)
  if (!reply.bytes.equals(expected)) expect(JSON.stringify(reply.body), where).toBe(JSON.stringify(expected.toString()))
}

/** Runs them all, AT_ONCE at a time. */
async function inTurns(jobs: readonly (() => Promise<void>)[]): Promise<void> {
  const queue = [...jobs]
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let job = queue.shift(); job !== undefined; job = queue.shift()) await job()
    }),
  )
}

test('there are fifty streams, ten of them recorded', () => {
  expect(vendors.length).toBeGreaterThanOrEqual(10)
  expect(all.length).toBeGreaterThanOrEqual(50)
  expect(vendors.filter(({ parts }) => parts.some(({ usage }) => usage)).length).toBeGreaterThanOrEqual(3)
})

describe('every stream, cut into pieces of every size', () => {
  test.each(all)('$name', async (shape) => {
    const { length } = sentBytes(shape)
    const mean = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0) / sizes.length
    const cuts = CUTS.filter(({ sizes }) => length / mean(sizes) < PIECES_MAX)
    await inTurns(cuts.flatMap(({ sizes, usage }) => usage.map((wantsUsage) => () => passes(shape, sizes, wantsUsage))))
  })
})

describe('cut in two at every byte', () => {
  test.each(EVERY_CUT_OF)('%s', async (name) => {
    const shape = all.find((candidate) => candidate.name === name)
    if (shape === undefined) throw new Error(`no shape ${name}`)
    const { length } = sentBytes(shape)
    // Two pieces: what comes after the cut comes in one.
    await inTurns(
      Array.from({ length: length - 1 }, (_, index) => () => passes(shape, [index + 1, length], index % 2 === 0)),
    )
  })
})
