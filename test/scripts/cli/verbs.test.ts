/** What the verbs share. */
import { Command } from 'commander'
import { expect, it } from 'vitest'
import { collect, policyOf, verbsOf, withPolicy } from '../../../scripts/cli/verbs.ts'

const policy = async (...args: string[]) => {
  const command = withPolicy(new Command())
  return policyOf(command.parse(args, { from: 'user' }).opts())
}

it('tells all models, some and none apart', async () => {
  expect(await policy()).toEqual({})
  expect(await policy('--model', 'chat-*', '--model', 'embed,small')).toEqual({ models: ['chat-*', 'embed,small'] })
  expect(await policy('--no-models')).toEqual({ models: [] })
})

it('gathers repeated options', () => {
  expect(collect('b', collect('a', undefined))).toEqual(['a', 'b'])
})

it('asks where Sluice is only when a verb needs it', async () => {
  const io = { env: {}, devVars: '/nowhere', out: () => {}, err: () => {}, input: async () => '' }
  const verbs = verbsOf(new Command(), io)
  await expect(verbs.client()).rejects.toThrow('no admin token')
})
