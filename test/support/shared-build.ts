/** One build for all the suites that start a Sluice: to make it takes longer than many of them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildWorker } from '../../scripts/support/build.ts'
import { projectFolder } from '../../scripts/support/options.ts'

/** The variable that names its folder to the suites. */
export const SHARED_BUILD = 'SLUICE_TEST_BUILD'

/** Makes it before the first of them; gives back what removes it after the last. */
export default async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-build-'))
  await buildWorker(projectFolder, join(folder, 'worker'))
  process.env[SHARED_BUILD] = join(folder, 'worker')
  return () => rm(folder, { recursive: true, force: true })
}
