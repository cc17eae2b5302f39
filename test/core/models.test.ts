/** The words for a model that is not there and for one that is not allowed. */
import { expect, it } from 'vitest'
import { forbiddenModel, unknownModel } from '../../src/core/models.ts'

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
