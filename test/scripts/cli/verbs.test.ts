/** What the verbs share. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { expect, it } from 'vitest'
import { collect, policyOf, verbsOf, withPolicy, withPolicyChange } from '../../../scripts/cli/verbs.ts'

const rpm = { name: 'rpm', of: 'requests', amount: 1, perSeconds: 60 }
const io = { env: {}, devVars: '/nowhere', out: () => {}, err: () => {}, input: async () => JSON.stringify([rpm]) }
const parsed = (command: Command, args: string[]) => policyOf(io, command.parse(args, { from: 'user' }).opts())
const policy = (...args: string[]) => parsed(withPolicy(new Command()), args)
const change = (...args: string[]) => parsed(withPolicyChange(new Command()), args)

it('tells all models, some and none apart', async () => {
  expect(await policy()).toEqual({})
  expect(await policy('--model', 'chat-*', '--model', 'embed,small')).toEqual({ models: ['chat-*', 'embed,small'] })
  expect(await policy('--no-models')).toEqual({ models: [] })
})

it('takes limits from a file or standard input', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'sluice-cli-')), 'limits.json')
  await writeFile(file, '[]')
  expect(await policy('--limits', file)).toEqual({ limits: [] })
  expect(await policy('--limits', '-')).toEqual({ limits: [rpm] })
})

it('changes nothing that is not named, and lifts what is there', async () => {
  expect(await change()).toEqual({})
  expect(await change('--no-limits', '--all-models')).toEqual({ limits: null, models: null })
  expect(await change('--limits', '-', '--no-models')).toEqual({ limits: [rpm], models: [] })
})

it('gathers repeated options', () => {
  expect(collect('b', collect('a', undefined))).toEqual(['a', 'b'])
})

it('asks where Sluice is only when a verb needs it', async () => {
  const verbs = verbsOf(new Command(), io)
  await expect(verbs.client()).rejects.toThrow('no admin token')
})
