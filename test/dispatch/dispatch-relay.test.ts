/** Endpoints that are passed on: any reply is one, and a body that comes once is sent once. */
import { describe, expect, it } from 'vitest'
import { refusal } from '../../src/core/errors.ts'
import type { Upload } from '../../src/core/inference.ts'
import { over, status, type Targets } from '../support/dispatch.ts'
import { json, reply, type Script, silent, unreachable } from '../support/path.ts'

const path = '/audio/transcriptions'

/** An upload whose ending is the test's to bring about. */
function upload() {
  const controller = new AbortController()
  const made = {
    contentType: 'multipart/form-data; boundary=b',
    isTaken: false,
    fault: null as Upload['fault'],
    broken: controller.signal,
    take: () => {
      made.isTaken = true
      return new Blob().stream()
    },
    break(fault: Upload['fault']) {
      made.fault = fault
      controller.abort()
    },
  }
  return made
}

const asked = (relay: object) => ({ operation: 'relay', relay: { path, ...relay } }) as const
/** An upstream that is sent the body first. */
const taking =
  (script: Script): Script =>
  (call) => {
    call.relay?.upload?.take(call.model)
    return script(call)
  }
const two = (first: Script): Targets => [
  ['a', [first]],
  ['b', [json('{}')]],
]

describe('a reply', () => {
  it('of any type is handed on with what is said of it, and no usage is made up', async () => {
    const headers = {
      'content-type': 'audio/mpeg',
      'content-length': '4',
      'content-disposition': 'inline',
      server: 'x',
    }
    const { run } = over([['a', [reply(200, headers, ['ab', 'cd'])]]], {}, asked({}))
    const outcome = await run()
    if (outcome.kind !== 'stream') throw new Error(outcome.kind)
    expect(outcome.upstream).toMatchObject({ content: { type: 'audio/mpeg', bytes: 4, disposition: 'inline' } })
    const read: unknown[] = []
    for (let next = await outcome.live.next(); next instanceof Uint8Array; next = await outcome.live.next())
      read.push(new TextDecoder().decode(next))
    expect(read).toEqual(['ab', 'cd'])
    expect(await outcome.live.ended).toEqual({ kind: 'finished', usage: null, code: null })
  })

  it('that is compressed has no length, and one of which nothing is said has nothing', async () => {
    const headers = { 'content-length': '4', 'content-encoding': 'gzip' }
    const outcome = await over([['a', [reply(200, headers, ['ab'])]]], {}, asked({})).run()
    expect(outcome).toMatchObject({ upstream: { content: { type: null, bytes: null, disposition: null } } })
  })

  it('without a body ends at once', async () => {
    const empty: Script = () => ({ status: 200, headers: new Headers(), body: null, droppedParams: [] })
    const outcome = await over([['a', [empty]]], {}, asked({})).run()
    expect(outcome.kind === 'stream' && (await outcome.live.next())).toMatchObject({ kind: 'finished', usage: null })
  })

  it('that breaks tells so, and estimates nothing', async () => {
    const outcome = await over([['a', [reply(200, {}, ['ab'], 'cut')]]], {}, asked({})).run()
    if (outcome.kind !== 'stream') throw new Error(outcome.kind)
    await outcome.live.next()
    expect(await outcome.live.next()).toEqual({ kind: 'broken', usage: null, code: 'upstream_failed' })
  })
})

describe('a request', () => {
  it('in JSON is tried again, and falls back, as any other', async () => {
    const { run, provider } = over(two(status(500)), {}, asked({}))
    expect(await run()).toMatchObject({ kind: 'stream', target: { id: 'p/b' } })
    expect(provider.asked()).toEqual(['a', 'a', 'b'])
    expect(provider.calls[0]?.relay).toEqual({ path })
  })

  it.each([
    ['cannot be reached', unreachable, 502],
    ['is rate limited', status(429), 429],
    ['knows no such model', status(404), 404],
    ['refuses its credential', status(401), 502],
    ['refuses the request', status(422), 422],
  ])('that comes once ends with the target that was sent it, which %s', async (_what, script, code) => {
    const { run, provider } = over(two(taking(script)), { retries: 2 }, asked({ upload: upload() }))
    expect(await run()).toMatchObject({ attempts: 1, refusal: { status: code } })
    expect(provider.asked()).toEqual(['a'])
  })

  it('that comes once goes to the next target where the first was not sent it', async () => {
    const { run, provider } = over(two(unreachable), {}, asked({ upload: upload() }))
    expect(await run()).toMatchObject({ kind: 'stream', target: { id: 'p/b' } })
    expect(provider.asked()).toEqual(['a', 'a', 'b'])
  })

  it('that comes once is given all of the time by its target', async () => {
    const timeouts = { firstTokenMs: 100, idleMs: 1000, totalMs: 3000 }
    const { run, clock } = over(two(taking(silent)), { timeouts }, asked({ upload: upload() }))
    const startedAtMs = clock.now()
    expect(await run()).toMatchObject({ attempts: 1, refusal: { code: 'upstream_timeout' } })
    expect(clock.now() - startedAtMs).toBeGreaterThanOrEqual(timeouts.totalMs)
  })
})

describe('an upload that breaks', () => {
  it('drops the call, and is refused as it says; the target is not to blame', async () => {
    const body = upload()
    const { run, provider, services } = over(two(taking(silent)), {}, asked({ upload: body }))
    const running = run()
    body.break(refusal('request_too_large', 'Too large.'))
    expect(await running).toMatchObject({ kind: 'refused', attempts: 1, refusal: { code: 'request_too_large' } })
    expect(provider.calls[0]?.signal.aborted).toBe(true)
    expect(services.lines).toEqual([])
  })

  it('because its client left is a client that left', async () => {
    const body = upload()
    const { run } = over(two(taking(silent)), {}, asked({ upload: body }))
    const running = run()
    body.break('left')
    expect(await running).toMatchObject({ kind: 'cancelled', attempts: 1 })
  })
})
