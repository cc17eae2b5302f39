/** Fault matrix: every fault, before and after the first content, whole and streamed, against a running Sluice. */
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pick, type Reply } from '../support/http-client.ts'
import { closedPort, ScriptedOrigin } from '../support/scripted-origin.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { chat, DONE, events, role, said, stream, text, whole } from '../support/wire.ts'
import { earlyFaults, PROVIDER_SAYS } from './early-faults.ts'
import { lateFaults, oddities } from './late-faults.ts'

/** An isolate spends at most 10 retries a second; cases begin slower than that, so that none goes without its own. */
const CASE_EVERY_MS = 150
const TIMEOUTS = { firstTokenMs: 600, idleMs: 600, totalMs: 4000 }
const TENANT = 'matrix'
const GOOD = 'The other target answers.'

const second = await ScriptedOrigin.start()
const faults = earlyFaults(second.url('second-host'))
const forms = faults.flatMap((fault) => fault.forms.map((form) => ({ fault, form, name: `${fault.name} ${form}` })))
const sends: { name: string; alias: string; form: 'whole' | 'stream' }[] = [
  ...forms.map(({ fault, form }) => ({
    name: `next ${fault.name} ${form}`,
    alias: `next-${fault.name}-${form}`,
    form,
  })),
  ...forms.map(({ fault, form }) => ({
    name: `alone ${fault.name} ${form}`,
    alias: `alone-${fault.name}-${form}`,
    form,
  })),
  ...lateFaults.map(({ name }) => ({ name: `late ${name}`, alias: `late-${name}`, form: 'stream' as const })),
  ...oddities.map(({ name }) => ({ name: `odd ${name}`, alias: `odd-${name}`, form: 'stream' as const })),
  { name: 'odd gzip whole', alias: 'odd-gzip-whole', form: 'whole' },
  { name: 'odd 1-mb whole', alias: 'odd-1-mb-whole', form: 'whole' },
]

let origin: ScriptedOrigin
let untrusted: ScriptedOrigin
let sluice: TestSluice
const replies = new Map<string, Promise<Reply>>()

/** Every request has a provider of its own: what one case teaches the gateway about its target is no other's business. */
async function addressOf(alias: string): Promise<string> {
  const fault = faults.find(({ name }) => alias.startsWith(`next-${name}-`) || alias.startsWith(`alone-${name}-`))
  if (fault?.address === 'closed') return `http://127.0.0.1:${await closedPort()}/v1`
  if (fault?.address === 'untrusted') return untrusted.url('untrusted')
  return origin.url(alias)
}

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  untrusted = await ScriptedOrigin.start({ tls: true })
  for (const { fault, form } of forms) {
    for (const kind of ['next', 'alone']) {
      if (fault.script !== undefined) origin.on(`${kind}-${fault.name}-${form}`, fault.script)
    }
  }
  for (const { name, fault } of lateFaults) {
    origin.on(`late-${name}`, async (call) => {
      await call.head(200)
      await call.write(role() + text('first'))
      await fault(call)
    })
  }
  for (const odd of oddities) {
    origin.on(`odd-${odd.name}`, (call) =>
      call.reply(200, odd.gzip === true ? gzipSync(odd.stream) : odd.stream, {
        'content-type': 'text/event-stream',
        ...(odd.gzip === true ? { 'content-encoding': 'gzip' } : {}),
      }),
    )
  }
  origin.on('odd-gzip-whole', (call) => call.reply(200, gzipSync(whole('unzipped')), { 'content-encoding': 'gzip' }))
  origin.on('odd-1-mb-whole', (call) => call.reply(200, whole('x'.repeat(1_000_000))))
  origin.on('good', (call) =>
    call.json.stream === true
      ? call.reply(200, stream(GOOD), { 'content-type': 'text/event-stream' })
      : call.reply(200, whole(GOOD)),
  )
  const providers = await Promise.all(
    sends.map(async ({ alias }) => [
      alias,
      { protocol: 'openai', baseUrl: await addressOf(alias), credential: 'upstream' },
    ]),
  )
  const models = sends.map(({ alias }) => {
    const target = { provider: alias, model: 'm' }
    return [
      alias,
      alias.startsWith('alone-')
        ? { targets: [target], retries: 0, timeouts: { ...TIMEOUTS, totalMs: 1500 } }
        : { targets: [target, { provider: 'good', model: 'm' }], timeouts: TIMEOUTS },
    ]
  })
  sluice = await setUp({
    credentials: { upstream: 'sk-upstream-credential' },
    config: {
      providers: {
        ...Object.fromEntries(providers),
        good: { protocol: 'openai', baseUrl: origin.url('good'), credential: 'upstream' },
      },
      models: Object.fromEntries(models),
    },
    tenants: [{ id: TENANT }],
  })
  const { key } = sluice.keyOf(TENANT)
  let dueAtMs = Date.now()
  for (const { name, alias, form } of sends) {
    const waitMs = Math.max(0, dueAtMs - Date.now())
    dueAtMs += CASE_EVERY_MS
    const reply = sleep(waitMs).then(() => sluice.post(key, '/v1/chat/completions', chat(alias, form === 'stream')))
    reply.catch(() => {})
    replies.set(name, reply)
  }
})

afterAll(async () => {
  await sluice?.stop()
  await Promise.all([origin?.close(), untrusted?.close(), second.close()])
})

async function replyTo(name: string): Promise<Reply> {
  const reply = await replies.get(name)
  if (reply === undefined) throw new Error(`never sent: ${name}`)
  return reply
}

/** The one usage row of a reply, checked against what every row says. */
async function rowOf(reply: Reply) {
  const row = await sluice.row(TENANT, reply.headers['x-request-id'])
  expect(row.key).toBe(sluice.keyOf(TENANT).id)
  expect(row.totalMs).toBeGreaterThanOrEqual(0)
  return row
}

describe('before the first content, with another target left', () => {
  test.each(forms)('$name', async ({ fault, form }) => {
    const reply = await replyTo(`next ${fault.name} ${form}`)
    expect(reply.complete).toBe(true)
    expect(reply.headers['x-sluice-attempts']).toBe(String(fault.attempts))
    if (fault.relayed !== undefined) {
      expect(reply.status).toBe(fault.relayed)
      expect(reply.json).toMatchObject({
        error: { code: 'upstream_rejected', type: 'invalid_request_error', message: PROVIDER_SAYS, param: 'messages' },
      })
      const row = await rowOf(reply)
      expect(row).toMatchObject({ outcome: 'refused', status: fault.relayed, attempts: 1 })
      return
    }
    expect(reply.status, reply.body.slice(0, 500)).toBe(200)
    expect(reply.headers['x-sluice-target']).toBe('good/m')
    if (form === 'stream') {
      // Not a byte of the failed attempts may be in it.
      expect(reply.body).toBe(stream(GOOD).replace(/data: [^\n]*"choices":\[\][^\n]*\n\n/, ''))
    } else expect(reply.body).toBe(whole(GOOD))
    const row = await rowOf(reply)
    expect(row).toMatchObject({ outcome: 'finished', status: 200, attempts: fault.attempts, target: 'good/m' })
    expect(row.usage).toMatchObject({ inputTokens: 11, outputTokens: 7, source: 'provider' })
  })

  test('no redirect was followed', () => {
    expect(second.connections).toBe(0)
  })
})

describe('before the first content, alone', () => {
  test.each(forms)('$name', async ({ fault, form }) => {
    const reply = await replyTo(`alone ${fault.name} ${form}`)
    expect(reply.complete).toBe(true)
    expect(reply.status, reply.body).toBe(fault.alone.status)
    expect(reply.json).toMatchObject({ error: { code: fault.alone.code } })
    expect(Object.keys(pick(reply.json, 'error') as object).sort()).toEqual(['code', 'message', 'param', 'type'])
    expect(reply.headers['x-sluice-attempts']).toBe('1')
    if (fault.name === 'status-429-with-retry-after') expect(reply.headers['retry-after']).toBe('7')
    const row = await rowOf(reply)
    expect(row.status).toBe(fault.alone.status)
    expect(row.attempts).toBe(1)
    // A 429 of theirs is no refusal of ours.
    expect(row.outcome).toBe(fault.relayed === undefined ? 'failed' : 'refused')
  })
})

describe('after the first content', () => {
  test.each(lateFaults)('$name', async ({ name, code, half = '' }) => {
    const reply = await replyTo(`late ${name}`)
    expect(reply.status).toBe(200)
    // The body ends as HTTP says: it is never just cut.
    expect(reply.complete).toBe(true)
    expect(reply.headers['x-sluice-attempts']).toBe('1')
    expect(reply.headers['x-sluice-target']).toBe(`late-${name}/m`)
    const sent = role() + text('first')
    expect(reply.body.startsWith(sent)).toBe(true)
    expect(reply.body).not.toContain('[DONE]')
    expect(reply.body.endsWith('\n\n')).toBe(true)
    const last = events(reply.body).at(-1) ?? ''
    expect(last).toMatch(/^data: \{"error":/)
    expect(reply.body.match(/"error"/g)).toHaveLength(1)
    const error = pick(JSON.parse(last.slice(6)), 'error')
    expect(Object.keys(error as object).sort()).toEqual([
      'code',
      'message',
      'param',
      'retry_after_ms',
      'status',
      'type',
    ])
    expect(error).toMatchObject({ code, status: code === 'upstream_timeout' ? 504 : 502 })
    // Between the whole events and the frame: nothing, or some of the half event, ended by a blank line.
    const between = reply.body.slice(sent.length, reply.body.lastIndexOf('data: {"error"'))
    if (between !== '') {
      expect(between.endsWith('\n\n')).toBe(true)
      expect(half.startsWith(between.replace(/\n+$/, ''))).toBe(true)
    }
    expect(await rowOf(reply)).toMatchObject({ outcome: 'broken', status: 200, attempts: 1 })
  })
})

describe('odd, but no fault', () => {
  test.each(oddities)('$name stream', async (odd) => {
    const reply = await replyTo(`odd ${odd.name}`)
    expect(reply.status).toBe(200)
    expect(reply.complete).toBe(true)
    expect(reply.headers['x-sluice-attempts']).toBe('1')
    expect(reply.headers['content-encoding']).toBeUndefined()
    const expected = odd.stream.replace(/data: [^\n]*"choices":\[\][^\n]*\n\n/, '')
    expect(reply.body === expected, `${reply.body.slice(0, 200)} … ${reply.body.length} of ${expected.length}`).toBe(
      true,
    )
    expect(reply.body.endsWith(DONE)).toBe(true)
    expect(await rowOf(reply)).toMatchObject({ outcome: 'finished', attempts: 1 })
  })

  test('gzip unasked, whole', async () => {
    const reply = await replyTo('odd gzip whole')
    expect(reply.status).toBe(200)
    expect(reply.headers['content-encoding']).toBeUndefined()
    expect(reply.json).toEqual(JSON.parse(whole('unzipped')))
    expect(await rowOf(reply)).toMatchObject({ outcome: 'finished', attempts: 1 })
  })

  test('1 MB, whole', async () => {
    const reply = await replyTo('odd 1-mb whole')
    expect(reply.status).toBe(200)
    expect(reply.body.length).toBe(whole('x'.repeat(1_000_000)).length)
    expect(await rowOf(reply)).toMatchObject({ outcome: 'finished', attempts: 1 })
  })
})

test('every request has one row, and there are no others', async () => {
  const finished = await Promise.all(sends.map(({ name }) => replyTo(name)))
  await Promise.all(finished.map((reply) => rowOf(reply)))
  const rows = await sluice.rows(TENANT)
  const listed = rows.map(({ requestId }) => requestId).sort()
  expect(listed).toEqual(finished.map((reply) => reply.headers['x-request-id'] ?? '').sort())
  expect(said(stream(GOOD))).toBe(GOOD)
})
