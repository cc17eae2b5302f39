/** Vectors of texts: of unit length, in order, one each; what is none is no vector. */
import { describe, expect, it } from 'vitest'
import { modelEmbedder, workersAiEmbedder } from '../../src/dispatch/embed.ts'
import { manualClock } from '../support/manual-clock.ts'
import { deploymentOf } from '../support/path.ts'

const model = deploymentOf({
  providers: { up: { protocol: 'openai', baseUrl: 'https://up.test/v1' } },
  models: { embed: { targets: [{ provider: 'up', model: 'minilm' }] } },
}).models.get('embed')

describe('a model of the config', () => {
  const answering = (reply: string | null) => modelEmbedder(model, async () => reply)
  const rows = (...found: unknown[]) =>
    JSON.stringify({ data: found.map((embedding, index) => ({ index, embedding })) })

  it('answers with a vector of unit length for each text, in their order', async () => {
    const data = [
      { index: 1, embedding: [0, 2] },
      { index: 0, embedding: [3, 4] },
    ]
    const vectors = await answering(JSON.stringify({ data }))?.embed(['one', 'two'])
    expect(vectors).toEqual([Float32Array.from([0.6, 0.8]), Float32Array.from([0, 1])])
  })

  it('is asked for all texts at once, and named by its alias and target', async () => {
    const bodies: unknown[] = []
    const embedder = modelEmbedder(model, async (body) => {
      bodies.push(body)
      return null
    })
    expect(embedder?.id).toBe('embed/up/minilm')
    expect(await embedder?.embed(['one', 'two'])).toBeNull()
    expect(bodies).toEqual([{ input: ['one', 'two'] }])
  })

  it.each([
    ['fewer vectors than texts', rows([1, 0])],
    ['vectors of different lengths', rows([1, 0], [1])],
    ['no numbers', rows(['a', 'b'], [1, 0])],
    ['nothing but zeros', rows([0, 0], [1, 0])],
    ['base64', rows('AACAPw==', 'AACAPw==')],
    ['no JSON', '<html>'],
  ])('gives nothing for %s', async (_, reply) => {
    expect(await answering(reply)?.embed(['one', 'two'])).toBeNull()
  })

  it('is none where there is no such model', () => {
    expect(modelEmbedder(undefined, async () => null)).toBeNull()
    expect(modelEmbedder(model, null)).toBeNull()
  })
})

describe('Workers AI', () => {
  const clock = manualClock()

  it('is no embedder without its binding', () => {
    expect(workersAiEmbedder({ clock, workersAi: undefined }, 'bge-m3')).toBeNull()
  })

  it('answers with vectors of unit length', async () => {
    const embedder = workersAiEmbedder({ clock, workersAi: async () => ({ shape: [1, 2], data: [[3, 4]] }) }, 'bge-m3')
    expect(embedder?.id).toBe('workers-ai/bge-m3')
    expect(await embedder?.embed(['one'])).toEqual([Float32Array.from([0.6, 0.8])])
  })

  it('gives nothing when it fails, or takes too long', async () => {
    const fails = () => Promise.reject(new Error('3040: out of capacity'))
    expect(await workersAiEmbedder({ clock, workersAi: fails }, 'bge-m3')?.embed(['one'])).toBeNull()
    const asked = workersAiEmbedder({ clock, workersAi: () => new Promise(() => {}) }, 'bge-m3')?.embed(['one'])
    await clock.advance(5000)
    expect(await asked).toBeNull()
  })
})
