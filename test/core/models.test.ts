/** Who gets which model, and the words for one that is not there and for one that is not allowed. */
import { expect, it } from 'vitest'
import { forbiddenModel, modelOf, unknownModel, unpricedModel } from '../../src/core/models.ts'
import { matcher } from '../../src/core/tenant.ts'
import { deploymentOf } from '../support/path.ts'

const { models } = deploymentOf({
  providers: { p: { protocol: 'openai', baseUrl: 'https://p.example/v1' } },
  models: { one: { targets: [{ provider: 'p', model: 'm' }] } },
})
const allowed = (...globs: string[]) => ({ mayCall: matcher(globs) })

it('an alias that exists and is allowed is its model', () => {
  expect(modelOf(models, allowed('o*'), 'one')).toBe(models.get('one'))
})

it('an alias that does not exist is unknown, whatever the key may call', () => {
  expect(modelOf(models, allowed('*'), 'two')).toEqual(unknownModel('two'))
  expect(modelOf(models, allowed(), 'two')).toEqual(unknownModel('two'))
})

it('an alias that the key may not call is forbidden', () => {
  expect(modelOf(models, allowed('two'), 'one')).toEqual(forbiddenModel('one'))
})

it('an unknown model is a 404 that names the field, and two of them differ by the id alone', () => {
  const refused = unknownModel('one')
  expect(refused).toMatchObject({ code: 'model_not_found', status: 404, param: 'model' })
  expect(refused.message).toContain("'one'")
  expect(unknownModel('two')).toEqual({ ...refused, message: refused.message.replace("'one'", "'two'") })
})

it('a forbidden model is a 403 that names the field and the model', () => {
  const refused = forbiddenModel('one')
  expect(refused).toMatchObject({ code: 'model_not_allowed', status: 403, param: 'model' })
  expect(refused.message).toContain("'one'")
})

it('a model without a price is stopped by the limit, which is named, and no wait of a client helps', () => {
  const refused = unpricedModel('one', 'month')
  expect(refused).toMatchObject({ code: 'budget_exceeded', status: 429, limitedBy: 'month', isFutile: true })
  expect(refused.retryAfterMs).toBe(60_000)
  for (const word of ["'month'", "'one'", '"price"', '"unknownPrice"']) expect(refused.message).toContain(word)
})
