/** What /ready asks of the stores of caches and says of them, and when it does not ask at all. */
import { expect, it } from 'vitest'
import { type ConfigDocument, configSchema } from '../../src/core/config.ts'
import { OBJECT_CALL_MS } from '../../src/core/limits.ts'
import { cacheChecks, cacheWarnings } from '../../src/edge/cache-checks.ts'
import type { Services } from '../../src/services.ts'
import { manualClock } from '../support/manual-clock.ts'

type Cache = NonNullable<NonNullable<ConfigDocument['models']>[string]['cache']>

/** A config with one model for each policy, named a, b, …; the embedder as given. */
const configOf = (caches: readonly (Cache | undefined)[], embedder?: ConfigDocument['embedder']) =>
  configSchema.parse({
    providers: { up: { protocol: 'openai', baseUrl: 'https://up.test/v1' } },
    models: Object.fromEntries(
      caches.map((cache, index) => [
        'abc'.charAt(index),
        { targets: [{ provider: 'up', model: 'm' }], ...(cache === undefined ? {} : { cache }) },
      ]),
    ),
    ...(embedder === undefined ? {} : { embedder }),
  })

function storesThat(answer: (store: string) => Promise<unknown>) {
  const asked: string[] = []
  const clock = manualClock()
  const store = (name: string) => () => {
    asked.push(name)
    return answer(name)
  }
  const services = {
    clock,
    replyCache: { lookUp: store('replies') },
    vectorIndex: { purge: store('vectors') },
    semanticRoutes: { look: store('routes') },
  } as unknown as Services
  return { services, clock, asked }
}

const fine = async (): Promise<null> => null
const semantic = { semantic: { enabled: true } }
const embedder = { workersAi: '@cf/baai/bge-m3' }

it('asks the stores that some model uses, and no other', async () => {
  const checks = async (...config: Parameters<typeof configOf>) => {
    const { services, asked, clock } = storesThat(fine)
    const found = await cacheChecks(services, configOf(...config))
    expect(clock.timers).toBe(0)
    return { found, asked }
  }
  expect(await checks([])).toEqual({ found: {}, asked: [] })
  expect(await checks([undefined, {}], embedder)).toEqual({ found: {}, asked: [] })
  expect(await checks([undefined, { exact: true }], embedder)).toEqual({ found: { cache: 'ok' }, asked: ['replies'] })
  expect(await checks([semantic])).toEqual({ found: {}, asked: [] })
  expect(await checks([undefined, semantic], embedder)).toEqual({
    found: { cache: 'ok', vectors: 'ok' },
    asked: ['replies', 'vectors', 'routes'],
  })
})

it.each([
  ['replies', { cache: 'down', vectors: 'ok' }],
  ['vectors', { cache: 'ok', vectors: 'down' }],
  ['routes', { cache: 'ok', vectors: 'down' }],
])('says what is down where the store of %s fails', async (broken, expected) => {
  const { services } = storesThat((store) => (store === broken ? Promise.reject(new Error('down')) : fine()))
  expect(await cacheChecks(services, configOf([semantic], embedder))).toEqual(expected)
})

it('waits as long for a store as for an object, for all at once', async () => {
  const { services, clock } = storesThat(() => new Promise(() => {}))
  const pending = cacheChecks(services, configOf([semantic], embedder))
  await clock.advance(OBJECT_CALL_MS)
  expect(await pending).toEqual({ cache: 'down', vectors: 'down' })
})

it('warns where models are to be recalled by meaning and nothing makes vectors', () => {
  const without = { workersAi: undefined }
  const having = { workersAi: {} as NonNullable<Services['workersAi']> }
  const [[name, text] = []] = cacheWarnings(having, configOf([semantic, { exact: true }, semantic]))
  expect([name, text]).toEqual(['semantic', 'semantic caching is off for a, c: the config has no embedder'])
  expect(cacheWarnings(without, configOf([semantic], embedder))).toEqual([
    ['semantic', expect.stringContaining('binding AI')],
  ])
  expect(cacheWarnings(having, configOf([semantic], embedder))).toEqual([])
  expect(cacheWarnings(without, configOf([semantic], { model: 'a' }))).toEqual([])
  expect(cacheWarnings(without, configOf([{ exact: true }]))).toEqual([])
})
