/** The scripts by themselves on a real Redis: what the contract cannot see. */
import type { Redis } from '@upstash/redis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { createRedis } from '../../../src/stores/upstash/redis.ts'
import { LOOK_UP, PURGE, RELEASE, RENEW, STATS, TELL } from '../../../src/stores/upstash/reply-scripts.ts'
import { type RedisServer, redisKinds } from '../../support/redis-server.ts'
import { startUpstashRest, type UpstashRest } from '../../support/upstash-rest.ts'

const INDEX = ['{t}:expiry', '{t}:about', '{t}:totals']
const LONG_MS = 60_000

let server: RedisServer
let rest: UpstashRest
let redis: Redis

beforeAll(async () => {
  server = await (redisKinds[0]?.start ?? expect.fail())()
  rest = await startUpstashRest(server.port)
  redis = createRedis(rest, { clock: systemClock })
})
afterAll(async () => {
  await rest.close()
  await server.stop()
})

const run = <T>(script: string, keys: string[], ...values: (string | number)[]): Promise<T> =>
  redis.eval(script, keys, values.map(String)) as Promise<T>
const put = (key: string, expiresAtMs: number, nowMs: number, bytes = 10) =>
  run(
    TELL,
    [...INDEX, '{t}:purged', `{t}:value:${key}`, `{t}:lease:${key}`, `{t}:alone:${key}`],
    ...[nowMs, LONG_MS, 1000, LONG_MS, '{t}:value:'],
    JSON.stringify([{ kind: 'put', key, leaseId: '', expiresAtMs, about: [bytes, 1, 1, nowMs, 'chat', false] }]),
    `${expiresAtMs}\n{}\nsealed`,
  )

it('do not answer a value that has expired but for its TTL, and let its asker lead', async () => {
  await put('late', 2000, 1000)
  const keys = ['{t}:value:late', '{t}:totals', '{t}:lease:late']
  expect(await run(LOOK_UP, keys, 'a', LONG_MS, 1999)).toEqual(['2000\n{}\nsealed', '', ''])
  expect(await run(LOOK_UP, keys, 'a', LONG_MS, 2000)).toEqual(['', '', 'lead'])
})

it('keep and end only a lease of the caller’s own', async () => {
  const keys = ['{t}:value:x', '{t}:totals', '{t}:lease:x']
  expect(await run(LOOK_UP, keys, 'a', LONG_MS, 1)).toEqual(['', '', 'lead'])
  expect(await run(RENEW, ['{t}:lease:x'], 'b', LONG_MS)).toBe(0)
  expect(await run(RELEASE, ['{t}:lease:x', '{t}:alone:x'], 'b', 'alone', LONG_MS)).toBe(0)
  expect(await run(RENEW, ['{t}:lease:x'], 'a', LONG_MS)).toBe(1)
  expect(await run(RELEASE, ['{t}:lease:x', '{t}:alone:x'], 'a', 'lead', LONG_MS)).toBe(1)
  expect(await redis.exists('{t}:lease:x', '{t}:alone:x')).toBe(0)
})

it('forget in the index what has expired, with its bytes', async () => {
  await redis.flushall()
  for (let index = 0; index < 150; index += 1) await put(`gone ${index}`, 5000 + index, 1000, 2)
  await put('there', 90_000, 1000, 7)
  expect(await run(STATS, INDEX, 6000)).toEqual([1, 'bytes', 7])
  expect([await redis.zcard(INDEX[0] ?? ''), await redis.hlen(INDEX[1] ?? '')]).toEqual([1, 1])
})

it('purge in steps, and change the mark with the last', async () => {
  await redis.flushall()
  for (let index = 0; index < 700; index += 1) await put(`v${index}`, 90_000, 1000, 1)
  let [cursor, steps, removed] = ['0', 0, 0]
  do {
    expect(await redis.hget('{t}:totals', 'mark')).toBeNull()
    const step = await run<[string, number]>(
      ...([PURGE, [...INDEX, '{t}:purged']] as [string, string[]]),
      ...[2000, LONG_MS, cursor, 100, '{t}:value:', '{}', LONG_MS, 64],
    )
    cursor = String(step[0])
    removed += step[1]
    steps += 1
  } while (cursor !== '0')
  expect([removed, steps > 3, await redis.hget('{t}:totals', 'mark')]).toEqual([700, true, 1])
  expect(await redis.keys('{t}:value:*')).toEqual([])
})
