/** Responses in one isolate: kept before their clients have them, gone on from, and cancelled with their clients. */
import { describe, expect, it } from 'vitest'
import { DONE, finish, stream, text, whole } from '../support/wire.ts'
import { feed, isolate, reading, upstream } from '../support/worker.ts'

const PATH = '/v1/responses'
const asked = (more: object = {}) => ({ model: 'priced', input: 'hello', ...more })
const STREAM = { headers: { 'content-type': 'text/event-stream' } }
const idIn = (body: string | null): string => /"id":"(resp_[0-9a-f]+)"/.exec(body ?? '')?.[1] ?? ''

describe('a response', () => {
  it('is kept, and the next one asked with it', async () => {
    const at = await isolate({ scripts: [upstream(whole('first'))] })
    const { id } = (await (await at.post(PATH, asked())).json()) as { id: string }
    expect(await (await at.get(`${PATH}/${id}`)).json()).toMatchObject({ id, output: [{ type: 'message' }] })
    at.script(upstream(whole('second')))
    const next = await at.post(PATH, asked({ input: 'more', previous_response_id: id }))
    expect(await next.json()).toMatchObject({ previous_response_id: id, store: true })
    expect(at.calls.at(-1)?.body.messages).toEqual([
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'first' },
      { role: 'user', content: 'more' },
    ])
    await at.settle()
  })

  it('is not kept where that was not wanted, where it broke, or was refused', async () => {
    const at = await isolate({ scripts: [upstream(whole('first'))] })
    const { id } = (await (await at.post(PATH, asked({ store: false }))).json()) as { id: string }
    expect((await at.get(`${PATH}/${id}`)).status).toBe(404)
    const fed = feed()
    at.script(fed.script)
    const pending = at.post(PATH, asked({ stream: true }))
    fed.push(text('begun'))
    const read = reading(await pending)
    const begun = await read.next()
    fed.cut()
    expect(await at.soon(read.rest())).toContain('response.failed')
    expect((await at.get(`${PATH}/${idIn(begun)}`)).status).toBe(404)
    const refused = await at.post(PATH, asked({ previous_response_id: id }))
    expect(refused.status).toBe(400)
    expect(await at.rows()).toContainEqual(expect.objectContaining({ outcome: 'refused', status: 400 }))
  })

  it('streamed, is there before its last event is', async () => {
    const fed = feed()
    const at = await isolate({ scripts: [fed.script] })
    const pending = at.post(PATH, asked({ stream: true }))
    fed.push(text('Hello'))
    const reply = await pending
    const read = reading(reply)
    const begun = await read.next()
    fed.push(finish() + DONE)
    fed.close()
    for (let all = begun ?? ''; !all.includes('"response.completed"'); ) all += await at.soon(read.next())
    expect((await at.get(`${PATH}/${idIn(begun)}`)).status).toBe(200)
    await at.settle()
  })

  it('goes to its client also where it cannot be kept', async () => {
    const at = await isolate({ scripts: [upstream(stream('Hello'), STREAM)] })
    at.services.responses.put = () => Promise.reject(new TypeError('down'))
    const reply = await at.post(PATH, asked({ stream: true }))
    expect(await at.soon(reply.text())).toContain('response.completed')
    expect(at.lines).toContainEqual({ level: 'error', event: 'answer-not-kept', error: 'TypeError' })
    await at.settle()
  })

  it('is cancelled upstream where its client no longer reads', async () => {
    const fed = feed()
    const at = await isolate({ scripts: [fed.script] })
    const pending = at.post(PATH, asked({ stream: true }))
    fed.push(text('Hello'))
    const body = (await pending).body?.getReader()
    await body?.read()
    await body?.cancel()
    for (let turn = 0; turn < 9; turn += 1) fed.push(text('more'))
    await at.settle()
    expect(at.calls[0]?.signal.aborted).toBe(true)
    expect(await at.rows()).toMatchObject([{ outcome: 'cancelled' }])
  })
})
