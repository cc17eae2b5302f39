/** Streams of an own pool that break in the middle, through everything: gone on with in every skin, or one error. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DemoOrigin, startDemoOrigin } from '../support/demo-origin.ts'
import { answerIn, PATHS, type SkinName } from '../support/skin-readers.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { said } from '../support/wire.ts'

const QUESTION = 'Grüße aus 東京 🦥'
const ASKED: Readonly<Record<SkinName, object>> = {
  chat: { messages: [{ role: 'user', content: QUESTION }], stream_options: { include_usage: true } },
  messages: { messages: [{ role: 'user', content: QUESTION }], max_tokens: 500 },
  responses: { input: QUESTION, store: false },
}
const HEADERS = { 'anthropic-version': '2023-06-01' }
const SKINS = Object.keys(ASKED) as SkinName[]
const FAULTS = ['cut', 'cut-event', 'end', 'error-event']
const script = resolve(import.meta.dirname, '../../scripts/demo/origin.ts')

let replicas: DemoOrigin[]
let processes: { readonly name: string; readonly url: string; readonly kill: () => void }[]
let sluice: TestSluice
let key: string

async function spawned(name: string) {
  const flags = ['--name', name, '--decode', '100', '--prefill', '0']
  const child = spawn(process.execPath, [script, ...flags], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return { name, url: String(line).replace('origin ready on ', ''), kill: () => void child.kill('SIGKILL') }
}

beforeAll(async () => {
  replicas = await Promise.all([startDemoOrigin(), startDemoOrigin()])
  processes = await Promise.all([spawned('x'), spawned('y')])
  const inHere = replicas.map(({ url }, at) => ({ id: `r${at}`, url: `${url}/v1` }))
  const outThere = processes.map(({ name, url }) => ({ id: name, url }))
  const targets = (provider: string) => ({
    targets: [{ provider, model: 'demo-llm', price: { input: 1, output: 1 } }],
    timeouts: { idleMs: 700 },
  })
  sluice = await setUp({
    config: {
      providers: {
        // One each: what breaks so often is soon left out.
        ...Object.fromEntries(
          SKINS.map((skin) => [going(skin), { protocol: 'openai', pool: { replicas: inHere, onBreak: 'continue' } }]),
        ),
        failing: { protocol: 'openai', pool: { replicas: inHere } },
        mortal: { protocol: 'openai', pool: { replicas: outThere, onBreak: 'continue' } },
      },
      models: {
        ...Object.fromEntries(SKINS.map((skin) => [going(skin), targets(going(skin))])),
        failing: targets('failing'),
        mortal: targets('mortal'),
      },
    },
    tenants: [{ id: 'app' }],
  })
  key = sluice.keyOf('app').key
})

afterAll(async () => {
  await sluice?.stop()
  for (const one of processes ?? []) one.kill()
  await Promise.all((replicas ?? []).map((replica) => replica.close()))
})

const going = (skin: SkinName): string => `going-${skin}`

const ask = (skin: SkinName, model: string) =>
  sluice.post(key, PATHS[skin], { ...ASKED[skin], model, stream: true }, { headers: HEADERS })

/** Whichever is asked first, and whichever second: both break once, and the third time it goes well. */
const breakOnce = (kind: string) =>
  Promise.all(replicas.map(({ post }) => post('/demo/fault', { kind, path: '/v1/chat/completions' })))

describe.each(SKINS)('a stream of %s', (skin) => {
  // Silence takes its time, and is the same to all of them.
  test.each(skin === 'chat' ? [...FAULTS, 'stall'] : FAULTS)(
    'that meets %s twice says the same as one that does not',
    async (kind) => {
      const plain = answerIn(skin, await ask(skin, going(skin)))
      await breakOnce(kind)
      const reply = await ask(skin, going(skin))
      const continued = answerIn(skin, reply)
      expect(continued.text).toBe(plain.text)
      expect(continued).toMatchObject({ end: 'stop', usage: { ...plain.usage, cached: 0 } })
      expect(await sluice.row('app', reply.headers['x-request-id'])).toMatchObject({
        outcome: 'finished',
        attempts: 3,
        usage: { outputTokens: plain.usage.output, source: 'estimated' },
      })
      const comments = reply.body.split('\n\n').filter((event) => event.startsWith(': sluice'))
      const marked = [2, 3].map((attempts) => `: sluice continued target=${going(skin)}/demo-llm attempts=${attempts}`)
      expect(comments).toEqual(skin === 'chat' ? marked : [])
    },
  )
})

test('without the policy it is one error, and the end', async () => {
  await breakOnce('cut')
  const { body } = await ask('chat', 'failing')
  expect(body).toContain('"code":"upstream_failed"')
  expect(body).not.toContain('[DONE]')
  await Promise.all(replicas.map(({ url }) => fetch(`${url}/demo/fault`, { method: 'DELETE' })))
})

test('a process that is killed in the middle is not missed', async () => {
  const messages = [{ role: 'user', content: 'Say 60 words.' }]
  const exchange = sluice.begin(key, PATHS.chat, { messages, model: 'mortal', stream: true })
  await exchange.until('"content":"5"')
  const asked = await Promise.all(
    processes.map(async (one) => {
      const page = await (await fetch(`${one.url.slice(0, -3)}/metrics`)).text()
      return { ...one, isBusy: /^vllm:num_requests_running\{.*\} 1$/m.test(page) }
    }),
  )
  asked.find(({ isBusy }) => isBusy)?.kill()
  const { body } = await exchange.reply
  expect(body).toContain(': sluice continued target=mortal/demo-llm attempts=2\n\n')
  expect(said(body)).toBe(Array.from({ length: 60 }, (_, at) => `word${at + 1}`).join(' '))
})
