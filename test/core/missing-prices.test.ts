/** Which targets have no price. */
import { expect, it } from 'vitest'
import { configSchema } from '../../src/core/config.ts'
import { missingPrices } from '../../src/core/missing-prices.ts'

const price = { input: 0, output: 0 }

it('names every target without a price, by its alias', () => {
  const config = configSchema.parse({
    providers: { up: { protocol: 'openai' }, gpu: { protocol: 'openai' } },
    models: {
      free: { targets: [{ provider: 'up', model: 'm', price }] },
      mixed: {
        targets: [
          { provider: 'gpu', model: 'a' },
          { provider: 'up', model: 'b', price },
          { provider: 'up', model: 'c/d' },
        ],
      },
      bare: { targets: [{ provider: 'gpu', model: 'a' }] },
    },
  })
  expect(missingPrices(config)).toEqual([
    { model: 'mixed', targets: ['gpu/a', 'up/c/d'] },
    { model: 'bare', targets: ['gpu/a'] },
  ])
  expect(missingPrices(configSchema.parse({}))).toEqual([])
})
