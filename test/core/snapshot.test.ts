/** Aliases of a config, resolved to targets that carry all that dispatch needs. */
import { expect, it } from 'vitest'
import { configSchema } from '../../src/core/config.ts'
import { compileModels } from '../../src/core/snapshot.ts'

const config = configSchema.parse({
  providers: {
    gpu: { protocol: 'openai', baseUrl: 'https://gpu.example/v1' },
    claude: { protocol: 'anthropic', credential: 'claude-main' },
  },
  models: {
    large: {
      targets: [
        {
          provider: 'gpu',
          model: 'llama',
          contextWindow: 8192,
          maxOutputTokens: 512,
          weight: 3,
          price: { input: 1, output: 2 },
        },
        { provider: 'claude', model: 'sonnet/4' },
      ],
    },
    small: { strategy: 'weighted', targets: [{ provider: 'gpu', model: 'tiny' }] },
  },
})

it('resolves every alias in the order of its targets', () => {
  const models = compileModels(config)
  expect([...models.keys()]).toEqual(['large', 'small'])
  expect(models.get('large')).toEqual({
    alias: 'large',
    config: config.models.large,
    targets: [
      {
        id: 'gpu/llama',
        providerName: 'gpu',
        provider: config.providers.gpu,
        model: 'llama',
        contextWindow: 8192,
        maxOutputTokens: 512,
        weight: 3,
        price: { input: 1, output: 2 },
      },
      {
        id: 'claude/sonnet/4',
        providerName: 'claude',
        provider: config.providers.claude,
        model: 'sonnet/4',
        contextWindow: undefined,
        maxOutputTokens: undefined,
        weight: 1,
        price: undefined,
      },
    ],
  })
  expect(models.get('small')?.config.strategy).toBe('weighted')
})

it('leaves out a target whose provider is not there', () => {
  const models = compileModels({ ...config, providers: { claude: config.providers.claude as never } })
  expect(models.get('large')?.targets.map(({ id }) => id)).toEqual(['claude/sonnet/4'])
  expect(models.get('small')?.targets).toEqual([])
})

it('shows a target by a name that any header can hold', () => {
  const targets = [
    { provider: 'claude', model: 'a\r\nx-evil: 1' },
    { provider: 'claude', model: '模型 \ud800' },
  ]
  const odd = { ...config, models: { odd: { ...config.models.small, targets } } } as unknown as typeof config
  const shown = compileModels(odd).get('odd')?.targets
  expect(shown?.map(({ id }) => id)).toEqual(['claude/a%0D%0Ax-evil:%201', 'claude/%E6%A8%A1%E5%9E%8B%20%EF%BF%BD'])
  expect(shown?.map(({ model }) => model)).toEqual(targets.map(({ model }) => model))
})
