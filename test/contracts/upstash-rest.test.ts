/** Our front of Redis, spoken to by Upstash's own client with its own HTTP: if they understand each other, tests over it count. */
import { createHash } from 'node:crypto'
import { Redis } from '@upstash/redis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RedisServer, startValkey } from '../support/redis-server.ts'
import { startUpstashRest, type UpstashRest } from '../support/upstash-rest.ts'

let server: RedisServer
let rest: UpstashRest
let redis: Redis

beforeAll(async () => {
  server = await startValkey()
  rest = await startUpstashRest(server.port)
  redis = new Redis({ url: rest.url, token: rest.token, automaticDeserialization: false })
})
afterAll(async () => {
  await rest.close()
  await server.stop()
})

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(rest.url + path, { method: 'POST', body, headers: { authorization: `Bearer ${rest.token}`, ...headers } })

it('carries text that is not ASCII, numbers, nothing, lists and "OK", in base64 as the client asks', async () => {
  expect(await redis.set('text', 'naïve — 日本 "x"\n')).toBe('OK')
  expect(await redis.get('text')).toBe('naïve — 日本 "x"\n')
  expect(await redis.incrby('number', 41)).toBe(41)
  expect(await redis.get('absent')).toBeNull()
  await redis.rpush('list', 'a', 'é')
  expect(await redis.lrange('list', 0, -1)).toEqual(['a', 'é'])
  const reply = await post('/', '["GET","text"]', { 'upstash-encoding': 'base64' })
  expect(await reply.json()).toEqual({ result: Buffer.from('naïve — 日本 "x"\n').toString('base64') })
})

it('carries plain JSON to whoever does not ask for base64', async () => {
  await redis.set('plain', 'é')
  expect(await (await post('/', '["GET","plain"]')).json()).toEqual({ result: 'é' })
  expect(await (await post('/', '["SET","plain",7,"EX",100]')).json()).toEqual({ result: 'OK' })
  expect(await redis.ttl('plain')).toBe(100)
})

it('runs a pipeline, where one failure is one failure', async () => {
  await redis.set('word', 'abc')
  const reply = await post('/pipeline', '[["SET","a","1"],["INCR","word"],["GET","a"]]')
  expect(reply.status).toBe(200)
  expect(await reply.json()).toEqual([
    { result: 'OK' },
    { error: expect.stringMatching(/^ERR value is not an integer/) },
    { result: '1' },
  ])
  expect(await redis.pipeline().set('b', '2').get('b').exec()).toEqual(['OK', '2'])
})

it('runs a transaction, all or nothing', async () => {
  expect(await redis.multi().set('c', '3').incr('c').exec()).toEqual(['OK', 4])
  const failing = await post('/multi-exec', '[["SET","c","x"],["INCR","c"]]')
  expect([failing.status, await failing.json()]).toEqual([
    200,
    [{ result: 'OK' }, { error: expect.stringMatching(/^ERR/) }],
  ])
  const broken = await post('/multi-exec', '[["SET","c","y"],["NO-SUCH-COMMAND"]]')
  expect([broken.status, await broken.json()]).toEqual([400, { error: expect.stringMatching(/^EXECABORT/) }])
  expect(await redis.get('c')).toBe('x')
})

it('runs scripts with the flag that only Upstash knows, under the digest that the caller computes', async () => {
  const script = '#!lua flags=allow-key-locking\nreturn {KEYS[1], ARGV[1], 7}'
  const digest = '1d44b8ac8eb5b5ae3e4d61a4c5a5c9a4ae5f7ab0'
  await expect(redis.evalsha(digest, ['k'], ['v'])).rejects.toThrow('NOSCRIPT')
  expect(await redis.eval(script, ['k'], ['v'])).toEqual(['k', 'v', 7])
  const loaded = await redis.scriptLoad(script)
  expect(loaded).toBe(createHash('sha1').update(script).digest('hex'))
  expect(await redis.evalsha(loaded, ['k'], ['v'])).toEqual(['k', 'v', 7])
  expect(await redis.scriptExists(loaded, digest)).toEqual([1, 0])
})

it('takes the command from the path, the body after it, and the query last', async () => {
  expect((await post('/set/from-path', 'from body')).status).toBe(200)
  expect((await post('/set/with-query?EX=50', 'x')).status).toBe(200)
  expect(await redis.get('from-path')).toBe('from body')
  expect(await redis.ttl('with-query')).toBe(50)
  const asked = await fetch(`${rest.url}/get/from-path?_token=${rest.token}`)
  expect(await asked.json()).toEqual({ result: 'from body' })
})

it.each(['/', '/pipeline', '/multi-exec', '/get/text'])('wants the token at %s', async (path) => {
  for (const headers of [{ authorization: 'Bearer wrong' }, { authorization: '' }]) {
    const reply = await post(path, '["GET","text"]', headers)
    expect(reply.status).toBe(401)
    expect(await reply.json()).toEqual({ error: expect.stringContaining('WRONGPASS') })
  }
})

it('refuses what is no command with 400 and the reason', async () => {
  for (const [path, body] of [
    ['/', '{"GET":"a"}'],
    ['/', '[]'],
    ['/', 'GET a'],
    ['/', '["NO-SUCH-COMMAND"]'],
    ['/pipeline', '["GET","a"]'],
    ['/multi-exec', '[["GET",{}]]'],
  ] as const) {
    const reply = await post(path, body)
    expect([path, body, reply.status]).toEqual([path, body, 400])
    expect(await reply.json()).toEqual({ error: expect.stringMatching(/^ERR /) })
  }
  expect((await fetch(rest.url, { method: 'DELETE' })).status).toBe(405)
})

it('gives a token for reading what one has written, and takes it', async () => {
  const reply = await post('/', '["SET","synced","1"]')
  const token = reply.headers.get('upstash-sync-token') ?? ''
  expect(token).not.toBe('')
  const next = await post('/', '["GET","synced"]', { 'upstash-sync-token': token })
  expect(await next.json()).toEqual({ result: '1' })
})

it('fails while Redis is away, rather than wait for it', async () => {
  const short = await startValkey()
  const front = await startUpstashRest(short.port)
  await short.stop()
  const reply = await fetch(front.url, {
    method: 'POST',
    body: '["GET","a"]',
    headers: { authorization: `Bearer ${front.token}` },
  })
  expect(reply.ok).toBe(false)
  await front.close()
})
