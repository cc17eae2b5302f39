/** The recall lane's config is a valid one, with the policies that its ways need. */
import { expect, it } from 'vitest'
import { recallConfigOf } from '../../../scripts/bench/recall-config.ts'
import { configSchema } from '../../../src/core/config.ts'

it('is a valid config with a model a way', () => {
  const { models, embedder, limits } = configSchema.parse(recallConfigOf('http://127.0.0.1:9400/v1'))
  expect(models.plain?.cache).toBeUndefined()
  expect(models.exact?.cache).toMatchObject({ exact: true, coalesce: 'off' })
  expect(models.exact?.targets).toEqual(models.plain?.targets)
  expect(models.lead?.cache).toMatchObject({ exact: true, coalesce: 'wait' })
  expect(models.means?.cache).toMatchObject({ exact: true, semantic: { enabled: true } })
  expect(embedder).toEqual({ model: 'embed' })
  expect(limits.length).toBeGreaterThan(0)
})
