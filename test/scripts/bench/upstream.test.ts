/** The benchmark's upstream answers what it was asked for. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chatRequest, EVENT_MARK, stamped } from '../../../scripts/bench/body.ts'
import { questionRequest, VECTORS_MODEL, vectorOf, WORDS_MODEL, wordsOf } from '../../../scripts/bench/recall-body.ts'
import { createUpstream } from '../../../scripts/bench/upstream.ts'

const arrived: string[] = []
const upstream: Server = createUpstream(4, 1, (text) => void arrived.push(text))
let url = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
})

afterAll(() => {
  upstream.closeAllConnections()
  upstream.close()
})

async function ask(body: string): Promise<string> {
  return (await fetch(url, { method: 'POST', body })).text()
}

it('answers whole, as long as the prompt', async () => {
  const reply = JSON.parse(await ask(chatRequest(10_000, false)))
  expect(reply.choices[0].message.content).toHaveLength(10_000)
})

it('streams every event and the end', async () => {
  const text = await ask(chatRequest(200, true))
  expect(text.split(EVENT_MARK)).toHaveLength(5)
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
})

it('gives each request that has arrived, and passes over the moment it was sent', async () => {
  const request = stamped(chatRequest(200, false), 1234)
  await ask(chatRequest(200, true))
  expect(JSON.parse(await ask(request)).choices[0].message.content).toHaveLength(200)
  expect(arrived.slice(-2)).toEqual([chatRequest(200, true), request])
})

it('answers the recall lane by its words, and with vectors by the path', async () => {
  const words = wordsOf(7)
  const reply = JSON.parse(await ask(questionRequest(WORDS_MODEL, 'question', 7, false)))
  expect(reply.choices[0].message.content).toContain(words)
  const vectors = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    body: JSON.stringify({ model: VECTORS_MODEL, input: [words] }),
  })
  expect(await vectors.json()).toMatchObject({ data: [{ index: 0, embedding: vectorOf(words) }] })
})
