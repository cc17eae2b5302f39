/** Who helps recall: the embedder's first target, the judge's plan, and nobody where the policy does not ask for them. */
import { describe, expect, it } from 'vitest'
import type { ConfigDocument } from '../../src/core/config.ts'
import { helpersOf } from '../../src/dispatch/helpers.ts'
import {
  candidatesOf,
  deploymentOf,
  json,
  pathServices,
  type Script,
  scriptedProvider,
  silent,
} from '../support/path.ts'
import { whole } from '../support/wire.ts'

const target = (model: string) => ({ provider: 'up', model })
const CONFIG: ConfigDocument = {
  providers: { up: { protocol: 'openai', baseUrl: 'https://up.test/v1' } },
  models: {
    meant: { targets: [target('big')], cache: { semantic: { enabled: true, judge: { model: 'small' } } } },
    plain: { targets: [target('big')], cache: { exact: true } },
    alone: { targets: [target('big')], cache: { semantic: { enabled: true } } },
    small: { targets: [target('tiny'), target('spare')], retries: 0 },
    embed: { targets: [target('minilm'), target('another')], retries: 0 },
  },
  embedder: { model: 'embed' },
}
const DOWN = json('{"error":{"message":"down"}}', 500)
const VECTOR = json(JSON.stringify({ data: [{ index: 0, embedding: [3, 4] }] }))

function world(scripts: Readonly<Record<string, readonly Script[]>>, alias = 'meant', config = CONFIG) {
  const provider = scriptedProvider(scripts)
  const services = { ...pathServices(provider), workersAi: undefined }
  const deployment = deploymentOf(config)
  const model = deployment.models.get(alias)
  if (model === undefined) throw new Error(`no model ${alias}`)
  const helpers = helpersOf(services, deployment, model, (_, of) => ({
    kind: 'plan',
    ...candidatesOf(deployment, of.alias),
  }))
  return { ...helpers, provider, services }
}

describe('the embedder', () => {
  it('is asked for embeddings by its own name', async () => {
    const { embedder, provider } = world({ minilm: [VECTOR] })
    expect(await embedder?.embed(['one'])).toEqual([Float32Array.from([0.6, 0.8])])
    expect(provider.calls[0]).toMatchObject({ operation: 'embeddings', body: { model: 'embed', input: ['one'] } })
  })

  it('is its first target alone: vectors of another would not compare', async () => {
    const { embedder, provider } = world({ minilm: [DOWN], another: [VECTOR] })
    expect(await embedder?.embed(['one'])).toBeNull()
    expect(new Set(provider.asked())).toEqual(new Set(['minilm']))
  })

  it('has a second, and is cancelled with its request', async () => {
    const { embedder, services } = world({ minilm: [silent] })
    const late = embedder?.embed(['one'])
    await services.clock.advance(1000)
    expect(await late).toBeNull()
    const client = new AbortController()
    const left = embedder?.embed(['one'], client.signal)
    client.abort()
    expect(await left).toBeNull()
  })
})

describe('the judge', () => {
  it('is asked like any model, its other targets included', async () => {
    const { judge, provider } = world({ tiny: [json('{}', 429)], spare: [json(whole('yes'))] })
    expect(await judge?.isSame('one', 'other')).toBe(true)
    expect(provider.calls.at(-1)).toMatchObject({ operation: 'chat', model: 'spare', body: { model: 'small' } })
  })

  it('is nobody where the policy names nobody', () => {
    expect(world({}, 'alone')).toMatchObject({ judge: null, embedder: { id: 'embed/up/minilm' } })
  })
})

it('is nobody without recall by meaning, without an embedder, and without the binding of one', () => {
  expect(world({}, 'plain')).toMatchObject({ embedder: null, judge: null })
  expect(world({}, 'meant', { ...CONFIG, embedder: undefined })).toMatchObject({ embedder: null, judge: null })
  expect(world({}, 'meant', { ...CONFIG, embedder: { workersAi: '@cf/baai/bge-m3' } }).embedder).toBeNull()
})
