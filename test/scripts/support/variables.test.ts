/** Variables: the environment before the file, and a file that is made once, for its owner. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadVariables, makeVariables } from '../../../scripts/support/variables.ts'

let file: string
beforeEach(async () => {
  file = join(await mkdtemp(join(tmpdir(), 'sluice-variables-')), '.dev.vars')
})
afterEach(() => rm(join(file, '..'), { recursive: true }))

const from = (environment: Record<string, string>) => loadVariables(environment as NodeJS.ProcessEnv, file)

test('made variables are good ones, and are not made again', async () => {
  expect(await makeVariables(file)).toBe(true)
  const text = await readFile(file, 'utf8')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const variables = await from({})
  expect(Buffer.from(variables.SLUICE_MASTER_KEY ?? '', 'base64')).toHaveLength(32)
  expect(variables.SLUICE_ADMIN_TOKEN?.length).toBeGreaterThanOrEqual(32)
  expect(await makeVariables(file)).toBe(false)
  expect(await readFile(file, 'utf8')).toBe(text)
})

test('the environment goes before the file, even with nothing', async () => {
  await writeFile(
    file,
    'SLUICE_MASTER_KEY=file\nSLUICE_ADMIN_TOKEN=file\nSLUICE_MASTER_KEY_PREVIOUS=file\nEXTRA=file\n',
  )
  expect(await from({ SLUICE_MASTER_KEY: 'environment', SLUICE_ADMIN_TOKEN: '' })).toEqual({
    SLUICE_MASTER_KEY: 'environment',
    SLUICE_ADMIN_TOKEN: '',
    SLUICE_MASTER_KEY_PREVIOUS: 'file',
    EXTRA: 'file',
    SLUICE_ALLOW_PRIVATE: '1',
  })
})

test('of the environment only the names of the Worker are taken', async () => {
  const ours = { UPSTASH_REDIS_REST_URL: 'u', SLUICE_ALLOW_PRIVATE: '0', SLUICE_WEBHOOKS_PRIVATE: '1' }
  expect(await from({ HOME: '/x', SLUICE_URL: 'x', ...ours })).toEqual(ours)
})
