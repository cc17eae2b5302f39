/** The verb `worker` of the CLI. */
import { expect, it } from 'vitest'
import { runCli } from '../../support/cli.ts'

it('is a verb, whose exit code is the worker’s', async () => {
  const { code, err } = await runCli(['worker', '--gateway', 'x', '--pool', 'gpu', '--origin', 'http://a'], {})
  expect([code, err]).toEqual([2, 'sluice worker: --gateway must be a URL, as in https://sluice.example.com'])
  expect((await runCli(['worker', '--help'], {})).out).toContain('--max-concurrency')
})
