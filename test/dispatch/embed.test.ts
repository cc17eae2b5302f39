/** Vectors by the deployment's embedder: an alias's first target, or Workers AI; what is none is no vector. */
import { describe, expect, it } from 'vitest'
import type { ConfigDocument } from '../../src/core/config.ts'
import { embedderOf } from '../../src/dispatch/embed.ts'
import {
  candidatesOf,
  deploymentOf,
  json,
  pathServices,
  type Script,
  scriptedProvider,
  silent,
} from '../support/path.ts'

const CONFIG: ConfigDocument = {
  providers: { up: { protocol: 'openai', baseUrl: 'https://up.test/v1' } },
  models: {
    embed: {
      targets: [
        { provider: 'up', model: 'minilm' },
        { provider: 'up', model: 'another' },
      ],
      retries: 0,
    },
  },
  embedder: { model: 'embed' },
}

function world(script: Script, config = CONFIG, workersAi?: () => Promise<unknown>) {
  const provider = scriptedProvider({ minilm: [script], another: [script] })
  const services = { ...pathServices(provider), workersAi }
  const deployment = deploymentOf(config)
  const { candidates } = candidatesOf(deployment, 'embed')
  const embedder = embedderOf(services, deployment, (_, model) => ({ kind: 'plan', model, candidates }))
  return { provider, services, embedder }
}

const reply = (...rows: unknown[]): Script =>
  json(JSON.stringify({ object: 'list', data: rows.map((embedding, index) => ({ index, embedding })) }))

describe('an alias', () => {
  it('answers with a vector of unit length for each text, in their order', async () => {
    const rows = [
      { index: 1, embedding: [0, 2] },
      { index: 0, embedding: [3, 4] },
    ]
    const { embedder, provider } = world(json(JSON.stringify({ data: rows })))
    const [first, second] = (await embedder?.embed(['one', 'two'])) ?? []
    expect(first).toEqual(Float32Array.from([0.6, 0.8]))
    expect(second).toEqual(Float32Array.from([0, 1]))
    expect(provider.calls[0]).toMatchObject({
      operation: 'embeddings',
      body: { model: 'embed', input: ['one', 'two'] },
    })
  })

  it('is named by its first target, and no other is asked: their vectors would not compare', async () => {
    const { embedder, provider } = world(json('{"error":{"message":"down"}}', 500))
    expect(embedder?.id).toBe('embed/up/minilm')
    expect(await embedder?.embed(['one'])).toBeNull()
    expect(new Set(provider.asked())).toEqual(new Set(['minilm']))
  })

  it.each([
    ['fewer vectors than texts', reply([1, 0])],
    ['vectors of different lengths', reply([1, 0], [1])],
    ['no numbers', reply(['a', 'b'], [1, 0])],
    ['nothing but zeros', reply([0, 0], [1, 0])],
    ['base64', reply('AACAPw==', 'AACAPw==')],
  ])('gives nothing for %s', async (_, script) => {
    expect(await world(script).embedder?.embed(['one', 'two'])).toBeNull()
  })

  it('gives nothing once its time is over', async () => {
    const { embedder, services } = world(silent)
    const asked = embedder?.embed(['one'])
    await services.clock.advance(5000)
    expect(await asked).toBeNull()
  })
})

describe('Workers AI', () => {
  const config: ConfigDocument = { ...CONFIG, embedder: { workersAi: '@cf/baai/bge-m3' } }

  it('is no embedder without its binding', () => {
    expect(world(silent, config).embedder).toBeNull()
  })

  it('answers with vectors of unit length', async () => {
    const { embedder } = world(silent, config, async () => ({ shape: [1, 2], data: [[3, 4]] }))
    expect(embedder?.id).toBe('workers-ai/@cf/baai/bge-m3')
    expect(await embedder?.embed(['one'])).toEqual([Float32Array.from([0.6, 0.8])])
  })

  it('gives nothing when it fails', async () => {
    const { embedder } = world(silent, config, () => Promise.reject(new Error('3040: out of capacity')))
    expect(await embedder?.embed(['one'])).toBeNull()
  })
})

it('is none where the config names none', () => {
  expect(world(silent, { ...CONFIG, embedder: undefined }).embedder).toBeNull()
})
