/** The worker's flags: read, completed, and refused in one line. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { modelsOf, readWorkerOptions, type WorkerFlags } from '../../../scripts/worker/options.ts'

const TOKEN = `slw_gpu_AbCdEf12_${'s'.repeat(38)}`
const env = { SLUICE_WORKER_TOKEN: TOKEN }
const flags: WorkerFlags = {
  ...{ gateway: 'https://sluice.example.com/', pool: 'gpu', origin: 'http://127.0.0.1:8000' },
  ...{ maxConcurrency: '16', healthHost: '127.0.0.1', drainSeconds: '120' },
}

it('makes addresses of what it is told', async () => {
  expect(await readWorkerOptions(flags, env)).toMatchObject({
    address: 'https://sluice.example.com/v1/pools/gpu/worker',
    socketAddress: 'wss://sluice.example.com/v1/pools/gpu/worker',
    origin: 'http://127.0.0.1:8000/v1',
    ...{ token: TOKEN, maxConcurrent: 16, models: null, health: null, drainMs: 120_000 },
  })
  const under = { ...flags, gateway: 'http://127.0.0.1:8787/v1', origin: 'https://engine.local/openai/' }
  expect(await readWorkerOptions(under, env)).toMatchObject({
    socketAddress: 'ws://127.0.0.1:8787/v1/pools/gpu/worker',
    origin: 'https://engine.local/openai',
  })
})

it('takes the token from a file', async () => {
  const tokenFile = join(await mkdtemp(join(tmpdir(), 'sluice-')), 'token')
  await writeFile(tokenFile, `${TOKEN}\n`)
  expect((await readWorkerOptions({ ...flags, tokenFile }, {})).token).toBe(TOKEN)
})

it('takes models, sizes and a health port', async () => {
  const more = { models: 'llama, bge/small', prefill: '20000', kvTokens: '300000', healthPort: '0' }
  expect(await readWorkerOptions({ ...flags, ...more }, env)).toMatchObject({
    ...{ models: ['llama', 'bge/small'], prefillTokensPerSecond: 20_000, kvTokens: 300_000 },
    health: { port: 0, host: '127.0.0.1' },
  })
})

const wrong: [string, Partial<WorkerFlags>, string][] = [
  ['a gateway that is no URL', { gateway: 'sluice' }, '--gateway must be a URL'],
  ['an origin of another scheme', { origin: 'ftp://engine' }, '--origin must be a URL'],
  ['a pool that cannot be', { pool: 'GPU' }, '--pool must be'],
  ['no number', { maxConcurrency: 'many' }, '--max-concurrency must be a whole number from 1 to 256'],
  ['too many', { maxConcurrency: '257' }, '--max-concurrency'],
  ['a port that is none', { healthPort: '70000' }, '--health-port'],
  ['models without a name', { models: 'a,,b' }, '--models'],
  ['a token of another pool', { pool: 'other' }, 'not one of the pool "other"'],
  ['a file that is not there', { tokenFile: '/nowhere/token' }, '--token-file /nowhere/token cannot be read (ENOENT)'],
]
it.each(wrong)('refuses %s', async (_, more, message) => {
  const refused = readWorkerOptions({ ...flags, ...more }, env)
  await expect(refused).rejects.toThrow(message)
  await expect(refused).rejects.toMatchObject({ exitCode: 2 })
})

it('says how to come by a token, and never says the token', async () => {
  await expect(readWorkerOptions(flags, {})).rejects.toThrow('sluice pool worker create gpu NAME')
  for (const token of ['slc_acme_AbCdEf12_x', TOKEN.slice(0, -1), `${TOKEN}x`]) {
    const refused = await readWorkerOptions(flags, { SLUICE_WORKER_TOKEN: token }).catch(
      (error: Error) => error.message,
    )
    expect(refused).toContain('was all of it copied?')
    expect(refused).not.toContain(token)
  }
})

it('announces no more models than a worker may', () => {
  expect(() => modelsOf(Array(33).fill('m').join(','))).toThrow('at most 32 models')
})
