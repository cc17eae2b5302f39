/** `deploy` as far as it goes without an account. */
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const run = (...flags: string[]) =>
  promisify(execFile)(process.execPath, ['scripts/deploy.ts', ...flags], { cwd: root })

test('a dry run builds, names the secrets, and asks nobody', async () => {
  const { stdout } = await run('--dry-run')
  expect(stdout).toContain('Total Upload')
  expect(stdout).toContain('SLUICE_MASTER_KEY, SLUICE_ADMIN_TOKEN')
})

test('an unknown flag deploys nothing', async () => {
  await expect(run('--nonsense')).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('nonsense') })
})
