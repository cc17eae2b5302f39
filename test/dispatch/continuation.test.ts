/** A stream that breaks and is gone on with elsewhere: nothing lost, nothing said twice, whatever broke and where. */
import { describe, expect, it } from 'vitest'
import { CONTINUABLE_BYTES_MAX, CONTINUATIONS_MAX } from '../../src/core/limits.ts'
import { POOL_NEWS_WAIT_MS } from '../../src/core/pool/line-limits.ts'
import type { Ended, Live } from '../../src/dispatch/live-stream.ts'
import { drained } from '../support/attempt.ts'
import { ANSWER, answering, prefixOf, read, streaming, streamOf, TOKENS } from '../support/continuing.ts'
import { turn } from '../support/manual-clock.ts'
import { json, type Script, sse } from '../support/path.ts'
import { DONE, delta, event, finish, providerError, role, text } from '../support/wire.ts'

const encoder = new TextEncoder()
const WHOLE = encoder.encode(streamOf('first', { body: {} }))
/** Bytes of the stream up to behind the event in which this stands. */
const behind = (part: string): number => {
  const whole = streamOf('first', { body: {} })
  return encoder.encode(whole.slice(0, whole.indexOf('\n\n', whole.indexOf(part)) + 2)).length
}
const CUT = 250
const COMMIT = behind(TOKENS[0] as string)
const broken = (said: string, code = 'upstream_failed') => ({ said, ended: { kind: 'broken', code } })

/** Everything a stream says while time passes. */
async function drainedInTime(live: Live, clock: { advance(ms: number): Promise<void> }) {
  let over: { said: string; ended: Ended } | undefined
  drained(live).then((all) => {
    over = all
  })
  for (let rounds = 0; over === undefined && rounds < 100; rounds += 1) await clock.advance(1000)
  if (over === undefined) throw new Error('no end')
  return over
}

describe('an upstream that is cut', () => {
  // Each byte is looked at in splice.test.ts; here those of all kinds, through everything.
  it('is gone on with, wherever it is cut, and the text is that of one that is not', async () => {
    for (let cutAt = COMMIT; cutAt < WHOLE.length; cutAt += 7) {
      const scripts = [answering({ id: 'first', cutAt }), answering({ id: 'second' })]
      const { live, calls } = await streaming(scripts, { wantsUsage: true })
      const { said, ended } = await drained(live)
      const marked = calls.length > 1 ? [': sluice continued target=p/m attempts=2'] : []
      const told = { prompt_tokens: expect.any(Number), completion_tokens: TOKENS.length }
      expect({ cutAt, ...read(said), kind: ended.kind, output: ended.usage?.outputTokens }).toMatchObject({
        cutAt,
        text: ANSWER,
        roles: 1,
        finishes: ['stop'],
        ids: ['first'],
        created: ['first'.length],
        usage: [told],
        comments: marked,
        isDone: true,
        kind: 'finished',
        output: TOKENS.length,
      })
    }
  })

  it('asks another replica for the rest, and tells of it', async () => {
    const { live, calls, services } = await streaming([
      answering({ id: 'first', cutAt: behind(' und') + 7 }),
      answering({ id: 'second' }),
    ])
    const { said, ended } = await drained(live)
    expect(calls.map(({ baseUrl }) => baseUrl)).toEqual(['https://a.example/v1', 'https://b.example/v1'])
    expect(calls[1]?.body).toMatchObject({
      messages: [
        { role: 'user', content: 'Say hello.' },
        { role: 'assistant', content: 'Grüße aus 東京 und' },
      ],
      continue_final_message: true,
      add_generation_prompt: false,
    })
    // What the second one says is sent as it was, but for its name and time.
    const [before = '', after = ''] = said.split(': sluice continued target=p/m attempts=2\n\n')
    expect(new TextDecoder().decode(WHOLE).startsWith(before)).toBe(true)
    expect(WHOLE.length).toBeGreaterThan(said.length)
    expect(before + after).toBe(new TextDecoder().decode(WHOLE).replace(/data: \{[^\n]*"usage"[^\n]*\n\n/, ''))
    expect(ended).toEqual({
      kind: 'finished',
      code: null,
      attempts: 2,
      usage: expect.objectContaining({ inputTokens: 10, outputTokens: TOKENS.length, source: 'estimated' }),
    })
    expect(services.lines.at(-1)).toMatchObject({ event: 'stream-continued', target: 'p/m', attempts: 2 })
  })

  it('does not matter in how small pieces it came', async () => {
    const cutAt = behind(' 🦥') + 30
    const pieces = Array.from(WHOLE.subarray(0, cutAt), (_, at) => WHOLE.subarray(at, at + 1))
    const { live } = await streaming([sse(pieces, 'cut'), answering({ id: 'second' })])
    expect(read((await drained(live)).said)).toMatchObject({ text: ANSWER, isDone: true })
  })

  it('again and again is gone on with so often, and then it is broken', async () => {
    const cuts = Array.from({ length: CONTINUATIONS_MAX + 2 }, (_, at) => answering({ id: `r${at}`, cutAt: CUT }))
    const { live, calls } = await streaming(cuts)
    const { said, ended } = await drained(live)
    expect(calls).toHaveLength(1 + CONTINUATIONS_MAX)
    expect(new Set(calls.map(({ baseUrl }) => baseUrl)).size).toBe(calls.length)
    expect(ended).toMatchObject({ kind: 'broken', code: 'upstream_failed', attempts: 1 + CONTINUATIONS_MAX })
    const { text: joined, isDone, ids, comments } = read(said)
    expect(ANSWER.startsWith(joined)).toBe(true)
    expect({ isDone, ids, comments: comments.length }).toEqual({ isDone: false, ids: ['r0'], comments: 3 })
    expect(ended.usage?.outputTokens).toBe([...said.matchAll(/"content":"[^"]/g)].length)
  })

  it('is broken where the retry budget is spent on others, except the first time', async () => {
    const cut = (id: string): Script => answering({ id, cutAt: CUT })
    const { live, calls, services } = await streaming([cut('first'), cut('second'), answering({ id: 'third' })])
    while (services.retryBudget.take(services.clock.now()));
    expect((await drained(live)).ended.kind).toBe('broken')
    expect(calls).toHaveLength(2)
  })
})

describe('other ways to break', () => {
  const begun = WHOLE.subarray(0, behind(' und'))

  it.each<[string, Script]>([
    ['an error in the stream', sse([begun, event({ error: { message: 'the GPU is gone' } })])],
    ['an end without its word', sse([begun])],
    ['an end in the middle of an event', sse([begun, 'data: {"choices":[{"index":0,"delta":{"content":" lost'])],
  ])('%s', async (_, script) => {
    const { live } = await streaming([script, answering({ id: 'second' })])
    const { said } = await drained(live)
    expect(said).not.toContain('lost')
    expect(said).not.toContain('GPU')
    expect(read(said)).toMatchObject({ text: ANSWER, isDone: true })
  })

  it('silence', async () => {
    const { live, clock } = await streaming([sse([begun], 'silence'), answering({ id: 'second' })])
    expect(read((await drainedInTime(live, clock)).said)).toMatchObject({ text: ANSWER, isDone: true })
  })

  it('silence until the request has no time left', async () => {
    const { live, clock, calls } = await streaming([sse([begun], 'silence'), answering({ id: 'second' })], {
      timeoutMs: 5000,
    })
    expect((await drainedInTime(live, clock)).ended).toMatchObject({ kind: 'broken', code: 'upstream_timeout' })
    expect(calls).toHaveLength(1)
  })
})

describe('a replica that will not go on', () => {
  const first = answering({ id: 'first', cutAt: behind(' und') })

  it('is passed by for the next', async () => {
    const failing = json(providerError('oops'), 500)
    const { live, calls } = await streaming([first, failing, answering({ id: 'third' })])
    const { said, ended } = await drained(live)
    expect(read(said)).toMatchObject({ text: ANSWER, comments: [': sluice continued target=p/m attempts=3'] })
    expect(ended).toMatchObject({ kind: 'finished', attempts: 3 })
    expect(calls[2]?.body).toEqual(calls[1]?.body)
  })

  it('because of the request ends it', async () => {
    const { live, calls, services } = await streaming([first, json(providerError('no such field'), 400)])
    const { said, ended } = await drained(live)
    expect(ended).toMatchObject(broken(said).ended)
    expect(read(said).text).toBe('Grüße aus 東京 und')
    expect(calls).toHaveLength(2)
    expect(JSON.stringify(services.lines)).not.toContain('東京')
  })

  it('but thinks ends it, before a word of that is out', async () => {
    const thinking = sse([role(), delta({ reasoning_content: 'Hmm' }), text('!'), finish(), DONE])
    const { live } = await streaming([first, thinking])
    const { said, ended } = await drained(live)
    expect(ended).toMatchObject(broken(said).ended)
    expect(said).not.toContain('Hmm')
    expect(read(said)).toMatchObject({ text: 'Grüße aus 東京 und', isDone: false })
  })

  it('but calls a tool has gone on, and only then cannot be gone on from', async () => {
    const call = delta({ tool_calls: [{ index: 0, id: 'call_1', function: { name: 'look', arguments: '{}' } }] })
    const { live } = await streaming([first, sse([role(), text('.'), call, finish('tool_calls'), DONE])])
    expect(read((await drained(live)).said)).toMatchObject({ finishes: ['tool_calls'], ids: ['first'], isDone: true })
    const cut = await streaming([first, sse([role(), text('.'), call], 'cut')])
    expect((await drained(cut.live)).ended.kind).toBe('broken')
    expect(cut.calls).toHaveLength(2)
  })
})

describe('what nobody can go on from', () => {
  it.each([
    ['a call of a tool', delta({ tool_calls: [{ index: 0, id: 'c', function: { name: 'x', arguments: '{"a' } }] })],
    ['reasoning', delta({ reasoning_content: 'Hmm' })],
    ['reasoning by its other name', delta({ reasoning: 'Hmm' })],
    ['a refusal', delta({ refusal: 'No' })],
    ['audio', delta({ audio: { data: 'AAAA' } })],
    ['a field that nobody knows', delta({ content: 'x', citations: [1] })],
    ['another choice', event({ choices: [{ index: 1, delta: { content: 'x' } }] })],
    ['two choices', event({ choices: [{ delta: { content: 'x' } }, { delta: { content: 'y' } }] })],
    ['an event that is no JSON', 'data: {"choices": [{"delta"\n\n'],
  ])('%s is broken as ever', async (_, odd) => {
    const after = `${odd}${text(' more')}data: {"choices":[{"delta":{"content":"ha`
    const { live, calls } = await streaming([sse([role() + text('Well'), after], 'cut'), answering({ id: 'second' })])
    const { said, ended } = await drained(live)
    expect(said).toBe(role() + text('Well') + after)
    expect(live.isInsideEvent).toBe(true)
    expect(ended).toMatchObject(broken(said).ended)
    expect('attempts' in ended).toBe(false)
    expect(calls).toHaveLength(1)
  })

  it('is an event too long to be held', async () => {
    const long = `data: {"choices":[{"delta":{"content":"${'x'.repeat(100_000)}`
    const { live, calls } = await streaming([sse([text('a'), long], 'cut')])
    expect((await drained(live)).said).toBe(text('a') + long)
    expect(calls).toHaveLength(1)
  })

  it.each<[string, Parameters<typeof streaming>[1], Parameters<typeof streaming>[2]]>([
    ['a pool that does not say so', {}, { pool: { onBreak: 'fail' } }],
    ['a model whose repetition is looked for', {}, { model: { repetition: {} } }],
    ['a caller who is answered in a form of their own', {}, { candidate: { isNative: true } }],
    ['a format', { body: { response_format: { type: 'json_object' } } }, {}],
    ['a request too long to be kept', { bodyBytes: CONTINUABLE_BYTES_MAX + 1 }, {}],
  ])('with %s it is broken as ever', async (_, asked, more) => {
    const { live, calls } = await streaming([answering({ id: 'first', cutAt: CUT })], asked, more)
    expect((await drained(live)).ended.kind).toBe('broken')
    expect(calls).toHaveLength(1)
  })
})

describe('a bound on the answer', () => {
  it('counts for all parts, by what was sent', async () => {
    const tokens = Array.from('abcdefghijklmnop')
    const { live, calls } = await streaming(
      [answering({ id: 'first', cutAt: CUT, tokens }), answering({ id: 'second', tokens })],
      { body: { max_tokens: 12, min_tokens: 8 } },
    )
    const { said } = await drained(live)
    const sent = prefixOf(calls[1] ?? { body: {} }).length
    expect(calls[1]?.body).toMatchObject({ max_tokens: 12 - sent, min_tokens: 8 - sent })
    expect(read(said)).toMatchObject({ text: 'abcdefghijkl', finishes: ['length'], isDone: true })
  })

  it('that leaves nothing ends the stream as one that ran out of room', async () => {
    const tokens = Array.from('abcdefghijklmnop')
    const cutAt = encoder.encode(streamOf('first', { body: {} }, tokens).slice(0, 380)).length
    const { live, calls } = await streaming([answering({ id: 'first', cutAt, tokens })], {
      wantsUsage: true,
      body: { max_completion_tokens: 2 },
    })
    const { said, ended } = await drained(live)
    const { text: joined, finishes, usage, isDone, ids } = read(said)
    expect({ finishes, isDone, ids }).toEqual({ finishes: ['length'], isDone: true, ids: ['first'] })
    expect(usage).toMatchObject([{ completion_tokens: joined.length, prompt_tokens: 100 }])
    expect(ended).toMatchObject({ kind: 'finished', usage: { outputTokens: joined.length, source: 'estimated' } })
    expect(calls).toHaveLength(1)
  })
})

describe('a client', () => {
  it('that leaves in the middle of the second part stops it', async () => {
    const second: Script = (call) => sse([streamOf('second', call).slice(0, CUT)], 'silence')(call)
    const { live, client, calls } = await streaming([answering({ id: 'first', cutAt: CUT }), second])
    const all = drained(live)
    await turn()
    client.abort()
    expect((await all).ended).toMatchObject({ kind: 'cancelled', attempts: 2 })
    expect(calls[1]?.signal.aborted).toBe(true)
  })

  it('that leaves while another replica is asked stops that', async () => {
    const silent: Script = ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
      })
    const { live, calls, clock } = await streaming([answering({ id: 'first', cutAt: CUT }), silent])
    const all = drained(live)
    await turn()
    expect(calls).toHaveLength(2)
    live.cancel()
    expect(await all).toMatchObject({ ended: { kind: 'cancelled' } })
    expect(await live.ended).toMatchObject({ kind: 'cancelled', usage: { outputTokens: expect.any(Number) } })
    // The pool's object is told of what it may have granted.
    await clock.advance(POOL_NEWS_WAIT_MS)
    expect(clock.timers).toBe(0)
  })

  it('whose bytes are seen on their way is seen to get all, before the end', async () => {
    const { live } = await streaming([answering({ id: 'first', cutAt: CUT }), answering({ id: 'second' })])
    let seen = ''
    live.observe((bytes) => {
      seen += new TextDecoder().decode(bytes)
    })
    const atEnd = live.ended.then(() => ({ seen, usage: live.reportedUsage }))
    const { said } = await drained(live)
    expect(await atEnd).toMatchObject({ seen: said, usage: { completion_tokens: TOKENS.length } })
  })
})
