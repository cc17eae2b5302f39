/** The Workers AI binding: asked as it is documented, and absent where the runtime has none. */
import { expect, it } from 'vitest'
import { createWorkersAi } from '../../src/providers/workers-ai.ts'

it('is absent without a binding, and for what is none', () => {
  expect(createWorkersAi(undefined)).toBeUndefined()
  expect(createWorkersAi('AI')).toBeUndefined()
  expect(createWorkersAi({ fetch: () => undefined })).toBeUndefined()
})

it('asks the model for the vectors of all texts at once', async () => {
  const asked: unknown[] = []
  const embed = createWorkersAi({
    run: async (...question: unknown[]) => {
      asked.push(question)
      return { data: [[1, 0]] }
    },
  })
  expect(await embed?.('@cf/baai/bge-m3', ['hello'])).toEqual({ data: [[1, 0]] })
  expect(asked).toEqual([['@cf/baai/bge-m3', { text: ['hello'] }]])
})
