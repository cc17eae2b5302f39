/** `npm run sim:pool` as it is called: what it prints, writes and exits with. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simulate } from '../../scripts/sim-pool.ts'
import { conversations } from '../support/pool-arrivals.ts'
import { told } from '../support/told.ts'

let folder = ''
let trace = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-sim-'))
  trace = join(folder, 'trace.jsonl')
  const lines = conversations(30, 4).map(({ atMs, promptTokens, outputTokens, blocks }) =>
    JSON.stringify({ timestamp: atMs, input_length: promptTokens, output_length: outputTokens, hash_ids: blocks }),
  )
  await writeFile(trace, lines.join('\n'))
})
afterAll(() => rm(folder, { recursive: true }))

const run = (...args: string[]) => told(simulate, args)

describe('a trace', () => {
  it('is replayed with every router, and the figures are kept', async () => {
    const json = join(folder, 'figures.json')
    const { code, out, err } = await run('--trace', trace, '--replicas', '2', '--speedup', '1', '--json', json)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('120 requests in')
    for (const router of ['round-robin', 'least-request', 'least-tokens', 'cache-aware (SGLang)', 'sluice']) {
      expect(out).toContain(`\n  ${router}`)
    }
    const figures = JSON.parse(await readFile(json, 'utf8'))
    expect(figures).toMatchObject({ assumed: { seed: 1, scenario: { replicas: 2 } } })
    expect(figures.figures).toHaveLength(5)
  })
})

describe('a wrong call', () => {
  it.each([
    ['without a trace', [], /--trace/],
    ['with no number', ['--trace', 'x', '--speedup', 'much'], /above 0/],
    ['with no share', ['--trace', 'x', '--batch', '2'], /from 0 to 1/],
    ['with a flood of nobody', ['--trace', 'x', '--flood', '10'], /--tenants/],
    ['with a file that is not there', ['--trace', '/nowhere/trace.jsonl'], /ENOENT/],
  ])('%s is told what is wrong', async (_, args, message) => {
    const { code, err } = await run(...args)
    expect(code).toBe(2)
    expect(err).toMatch(message)
  })

  it('for help says where traces come from', async () => {
    const { code, out } = await run('--help')
    expect(code).toBe(0)
    expect(out).toContain('kvcache-ai/Mooncake (Apache-2.0)')
  })
})
