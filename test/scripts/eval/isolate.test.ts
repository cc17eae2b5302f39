/** The workerd of an evaluation: says what went wrong, and leaves nothing behind. */
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { startIsolate } from '../../../scripts/eval/isolate.ts'

const folders = async (): Promise<string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('sluice-eval-'))

it('rejects what it refuses, and takes its folder with it', async () => {
  const before = await folders()
  const isolate = await startIsolate()
  const run = { tenant: 't', seed: 1, count: 1, judge: 'oracle', drift: 0, maxErrorRate: 0.02 } as const
  await expect(isolate.run(run)).rejects.toThrow('/run: 409 nothing was loaded')
  await isolate.stop()
  expect(await folders()).toEqual(before)
})
