/** Bounds of request bodies: each one's, and what one isolate holds of all of them. */
import { describe, expect, it } from 'vitest'
import { refusal } from '../../src/core/errors.ts'
import {
  BODIES_IN_FLIGHT_BYTES_MAX,
  BODY_ARRIVAL_MS,
  BODY_AT_ONCE_BYTES_MAX,
  REQUEST_BODY_BYTES_MAX,
} from '../../src/core/limits.ts'
import { BodyBudget, type HeldBody } from '../../src/edge/body.ts'
import { manualClock } from '../support/manual-clock.ts'

const MEGABYTE = 1024 * 1024
const request = (init: RequestInit) => new Request('https://sluice.test/', { method: 'POST', ...init })
/** A body of a declared length; what it says is what is counted. */
const declared = (length: number | string, body = 'x') =>
  request({ body, headers: { 'content-length': String(length) } })

/** A body of unknown length, and how much of it was asked for. */
function chunked(parts: number, partBytes = MEGABYTE, fails = false) {
  const seen = { parts: 0, cancelled: false }
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (seen.parts === parts) return fails ? controller.error(new Error('gone')) : controller.close()
        seen.parts += 1
        controller.enqueue(new Uint8Array(partBytes).fill(97))
      },
      cancel() {
        seen.cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { request: request({ body }), seen }
}

function held(body: Awaited<ReturnType<BodyBudget['read']>>): HeldBody {
  if ('code' in body) throw new Error(body.code)
  return body
}

/** Is all the room there, and no more? Found by taking it, and giving it back. */
async function isEmpty(bodies: BodyBudget): Promise<boolean> {
  const all: HeldBody[] = []
  for (let left = BODIES_IN_FLIGHT_BYTES_MAX; left > 0; ) {
    const length = Math.min(left, REQUEST_BODY_BYTES_MAX)
    const body = await bodies.read(declared(length))
    if ('code' in body) break
    all.push(body)
    left -= length
  }
  const more = await bodies.read(declared(1))
  if (!('code' in more)) all.push(more)
  for (const { release } of all) release()
  return all.length === 4 && 'code' in more
}

it('reads a body of a declared length', async () => {
  const bodies = new BodyBudget()
  const body = held(await bodies.read(declared(7, '{"ä":1}')))
  expect(body.text).toBe('{"ä":1}')
  expect(body.sizeBytes).toBe(7)
  body.release()
  expect(await isEmpty(bodies)).toBe(true)
})

it('reads a body that comes in parts, characters cut between them too', async () => {
  const bytes = new TextEncoder().encode('{"ä":"𝄞"}')
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
      controller.close()
    },
  })
  const read = held(await new BodyBudget().read(request({ body })))
  expect(read.text).toBe('{"ä":"𝄞"}')
  expect(read.sizeBytes).toBe(bytes.length)
})

it('reads no body as an empty one', async () => {
  expect(held(await new BodyBudget().read(request({})))).toMatchObject({ text: '', sizeBytes: 0 })
})

it('refuses a declared length over the bound, unread, and one that is none', async () => {
  const bodies = new BodyBudget()
  const large = declared(REQUEST_BODY_BYTES_MAX + 1)
  expect(await bodies.read(large)).toMatchObject({ code: 'request_too_large', status: 413 })
  expect(large.bodyUsed).toBe(false)
  expect(await bodies.read(declared('many'))).toMatchObject({ code: 'request_too_large' })
  held(await bodies.read(declared(REQUEST_BODY_BYTES_MAX))).release()
  expect(await isEmpty(bodies)).toBe(true)
})

it('counts what was not declared, and cuts it at the bound', async () => {
  const bodies = new BodyBudget()
  const { request: large, seen } = chunked(20)
  expect(await bodies.read(large)).toMatchObject({ code: 'request_too_large', status: 413 })
  expect(seen).toEqual({ parts: 11, cancelled: true })
  expect(await isEmpty(bodies), 'what it held is given back').toBe(true)
  const largest = held(await bodies.read(chunked(10).request))
  expect(largest.sizeBytes).toBe(REQUEST_BODY_BYTES_MAX)
  expect(await isEmpty(bodies), 'it is held').toBe(false)
  largest.release()
  expect(await isEmpty(bodies)).toBe(true)
})

it('holds 32 MB at once and no byte more, until one is released', async () => {
  const bodies = new BodyBudget()
  const first = held(await bodies.read(declared(10 * MEGABYTE)))
  held(await bodies.read(declared(10 * MEGABYTE)))
  held(await bodies.read(declared(10 * MEGABYTE)))
  held(await bodies.read(declared(2 * MEGABYTE)))
  const late = declared(1)
  expect(await bodies.read(late)).toMatchObject({ code: 'overloaded', status: 503, retryAfterMs: 1000 })
  expect(late.bodyUsed).toBe(false)
  first.release()
  first.release()
  held(await bodies.read(declared(10 * MEGABYTE)))
  expect(await bodies.read(declared(1)), 'releasing twice gives back once').toMatchObject({ code: 'overloaded' })
})

it('refuses a body of unknown length as soon as there is no room, and gives back what came of it', async () => {
  const bodies = new BodyBudget()
  const others: HeldBody[] = []
  for (const megabytes of [10, 10, 9]) others.push(held(await bodies.read(declared(megabytes * MEGABYTE))))
  const { request: late, seen } = chunked(9)
  expect(await bodies.read(late)).toMatchObject({ code: 'overloaded', status: 503 })
  expect(seen).toEqual({ parts: 4, cancelled: true })
  for (const { release } of others) release()
  expect(await isEmpty(bodies)).toBe(true)
})

it('gives back what a client held who left while sending', async () => {
  const bodies = new BodyBudget()
  await expect(bodies.read(chunked(3, MEGABYTE, true).request)).rejects.toThrow('gone')
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) })
  const cut = request({ body, headers: { 'content-length': String(5 * MEGABYTE) } })
  await expect(bodies.read(cut)).rejects.toThrow('gone')
  expect(await isEmpty(bodies)).toBe(true)
})

it.each([
  ['declared', 8 * MEGABYTE],
  ['of unknown length', undefined],
] as const)('waits only so long for a large body %s, and gives back what it held', async (_, length) => {
  const clock = manualClock()
  const bodies = new BodyBudget(clock)
  const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new Uint8Array(MEGABYTE)) })
  const headers: Record<string, string> = length === undefined ? {} : { 'content-length': String(length) }
  const pending = bodies.read(request({ body, headers }))
  await clock.advance(BODY_ARRIVAL_MS - 1)
  expect(await isEmpty(bodies), 'it is held until then').toBe(false)
  await clock.advance(1)
  expect(await pending).toMatchObject({ code: 'invalid_request', status: 400 })
  expect(await isEmpty(bodies)).toBe(true)
  expect(clock.timers).toBe(0)
})

it('sets no timer for a small body, and leaves none behind a large one', async () => {
  const clock = manualClock()
  const bodies = new BodyBudget(clock)
  const small = bodies.read(declared(BODY_AT_ONCE_BYTES_MAX))
  expect(clock.timers).toBe(0)
  const large = bodies.read(declared(BODY_AT_ONCE_BYTES_MAX + 1))
  expect(clock.timers).toBe(1)
  held(await small).release()
  held(await large).release()
  expect(clock.timers).toBe(0)
})

describe('the beginning of a body', () => {
  const bad = refusal('invalid_request', 'Missing.')
  /** Sees its third piece, and takes it. */
  const third = () => {
    let pieces = 0
    return () => {
      pieces += 1
      return pieces === 3 ? { pieces } : null
    }
  }

  it('is read as far as it must be, and held until it is released', async () => {
    const bodies = new BodyBudget()
    const { request: long, seen } = chunked(20)
    const begun = await bodies.begin(long, third(), bad)
    if ('code' in begun) throw new Error(begun.code)
    expect(begun).toMatchObject({ seen: { pieces: 3 }, bytes: 3 * MEGABYTE, declaredBytes: null })
    expect((await begun.rest.read()).value).toHaveLength(MEGABYTE)
    expect(seen).toEqual({ parts: 4, cancelled: false })
    expect(await isEmpty(bodies)).toBe(false)
    begun.release()
    expect(await isEmpty(bodies)).toBe(true)
  })

  it('tells the length that was declared', async () => {
    const begun = await new BodyBudget().begin(declared(1), () => ({}), bad)
    expect(begun).toMatchObject({ declaredBytes: 1 })
  })

  it.each([
    ['what it looks for is not there', chunked(2), third(), 'Missing.'],
    ['it sees what will not do', chunked(2), () => bad, 'Missing.'],
    ['it would be too large', chunked(20), () => null, 'larger than'],
  ])('is refused where %s, and nothing held', async (_what, { request: long, seen }, see, message) => {
    const bodies = new BodyBudget()
    expect(await bodies.begin(long, see, bad)).toMatchObject({ message: expect.stringContaining(message) })
    expect(seen.parts).toBeLessThanOrEqual(11)
    expect(await isEmpty(bodies)).toBe(true)
  })

  it('is refused unread where too much is declared, without room, and when it is late', async () => {
    const clock = manualClock()
    const bodies = new BodyBudget(clock)
    expect(await bodies.begin(declared(REQUEST_BODY_BYTES_MAX + 1), third(), bad)).toMatchObject({ status: 413 })
    const pending = bodies.begin(request({ body: new ReadableStream() }), third(), bad)
    await clock.advance(BODY_ARRIVAL_MS)
    expect(await pending).toMatchObject({ message: expect.stringContaining('did not arrive') })
    const others = []
    for (const megabytes of [10, 10, 10]) others.push(held(await bodies.read(declared(megabytes * MEGABYTE))))
    expect(await bodies.begin(chunked(5).request, () => null, bad)).toMatchObject({ code: 'overloaded' })
    for (const { release } of others) release()
    await expect(bodies.begin(chunked(2, MEGABYTE, true).request, () => null, bad)).rejects.toThrow('gone')
    expect(await isEmpty(bodies)).toBe(true)
    expect(clock.timers).toBe(0)
  })
})
