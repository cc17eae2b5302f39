/** Where the CLI finds Sluice and its token. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CliError, type Io, processIo, settingsOf } from '../../../scripts/cli/io.ts'

const io = (env: Io['env'], devVars = '/nowhere'): Io => ({ ...processIo(devVars), env })

it('takes the environment before .dev.vars, and that file before giving up', async () => {
  const devVars = join(await mkdtemp(join(tmpdir(), 'sluice-cli-')), '.dev.vars')
  await writeFile(devVars, '# made by dev\nSLUICE_ADMIN_TOKEN="from-file"\n')
  expect(await settingsOf(io({}, devVars))).toEqual({ url: 'http://127.0.0.1:8787', token: 'from-file' })
  expect((await settingsOf(io({ SLUICE_ADMIN_TOKEN: 'from-env' }, devVars))).token).toBe('from-env')
  await expect(settingsOf(io({}))).rejects.toThrow(/no admin token.*SLUICE_ADMIN_TOKEN/)
})

it('takes a URL with or without a slash at its end, and nothing else', async () => {
  const token = { SLUICE_ADMIN_TOKEN: 'a' }
  expect((await settingsOf(io({ ...token, SLUICE_URL: 'https://ai.example.com/' }))).url).toBe('https://ai.example.com')
  await expect(settingsOf(io({ ...token, SLUICE_URL: 'ai.example.com' }))).rejects.toThrow(CliError)
})
