/** The line to pools' objects: what crosses it, and that one which knows no such pool is a rejection. */
import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import type { PoolRequest } from '../../../src/core/pool/types.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createPools } from '../../../src/stores/embedded/pools.ts'

const TOOLS = { clock: systemClock, random: () => 0.5 }
const PLACE = { pool: 'gpu', region: undefined }
const REQUEST: PoolRequest = {
  id: '1',
  tenant: 'acme.g1',
  priority: 'batch',
  model: 'm',
  blocks: Float64Array.of(1, 2),
  promptTokens: 10,
  outputTokens: 5,
  tellsFirst: true,
  tried: ['a'],
  sinceMs: 1,
  maxWaitMs: 2,
}

/** A namespace of one object that answers by the script, and what it was asked. */
function scripted(answers: Readonly<Record<string, unknown>>) {
  const asked: unknown[][] = []
  const answer =
    (name: string) =>
    async (...values: unknown[]) => {
      asked.push([name, ...values])
      return JSON.stringify(answers[name])
    }
  const stub = { acquire: answer('acquire'), turn: answer('turn'), tell: answer('tell') }
  const hints: unknown[] = []
  const namespace = {
    idFromName: (name: string) => name,
    get: (name: string, hint: unknown) => {
      hints.push([name, hint])
      return stub
    },
  } as unknown as DurableObjectNamespace
  return { namespace, asked, hints }
}

it('sends what is asked as text, and blocks as they are', async () => {
  const said = { epoch: 'e', isQueued: false, turn: { kind: 'queued', id: '1', expectedMs: 5 } }
  const { namespace, asked, hints } = scripted({ acquire: said })
  const times: [string, number][] = []
  const pools = createPools(namespace, TOOLS, (pool, ms) => void times.push([pool, ms]))
  const events = [{ kind: 'first', id: '0' }] as const
  expect(await pools.acquire({ ...PLACE, region: 'weur' }, REQUEST, events, true, 1000)).toEqual(said)
  const { blocks, ...request } = REQUEST
  expect(asked).toEqual([['acquire', 'gpu', JSON.stringify({ request, events, isExplained: true }), blocks]])
  expect(hints).toEqual([['gpu', { locationHint: 'weur' }]])
  expect(times.map(([pool]) => pool)).toEqual(['gpu'])
})

it('waits, and tells', async () => {
  const turn = { kind: 'bound', id: '1', replica: 'a' }
  const { namespace, asked } = scripted({ turn, tell: { epoch: 'e', isQueued: true } })
  const pools = createPools(namespace, TOOLS, () => undefined)
  expect(await pools.turn(PLACE, '1', 1000)).toEqual(turn)
  expect(await pools.tell(PLACE, { events: [], renew: ['1'] })).toEqual({ epoch: 'e', isQueued: true })
  expect(asked).toEqual([
    ['turn', '1'],
    ['tell', 'gpu', JSON.stringify({ events: [], renew: ['1'] }), []],
  ])
})

it('an object that knows no such pool, or is away, is a rejection', async () => {
  const pools = createPools(env.POOL as unknown as DurableObjectNamespace, TOOLS, () => undefined)
  const asked = pools.acquire({ pool: 'nobody-named-it', region: undefined }, REQUEST, [], false, 2000)
  await expect(asked).rejects.toThrow()
})
