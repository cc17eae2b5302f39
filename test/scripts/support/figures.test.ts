/** Programs that print figures: exit codes, and what is said where. */
import { Command } from 'commander'
import { expect, it } from 'vitest'
import { runFigures } from '../../../scripts/support/figures.ts'

async function ran(args: readonly string[], run: (options: { count?: string }) => Promise<number>) {
  const out: string[] = []
  const err: string[] = []
  const output = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) }
  const program = new Command('figures').description('Prints figures.').option('--count <number>', 'how many')
  return { code: await runFigures(program, args, output, run), out: out.join(''), err: err.join('') }
}

it('gives the run its options, and ends with its code', async () => {
  expect(await ran(['--count', '5'], async ({ count }) => Number(count) - 4)).toEqual({ code: 1, out: '', err: '' })
})

it('shows its help without running', async () => {
  const { code, out } = await ran(['--help'], () => Promise.reject(new Error('ran')))
  expect(code).toBe(0)
  expect(out).toContain('Prints figures.')
})

it.each<[string, string[], () => Promise<number>, string]>([
  ['an option that it does not know', ['--other'], async () => 0, '--other'],
  ['a run that fails', [], () => Promise.reject(new Error('no such file')), 'no such file'],
])('says what is wrong with %s', async (_what, args, run, why) => {
  const { code, err } = await ran(args, run)
  expect(code).toBe(2)
  expect(err).toContain(why)
})
