/** `npm run sim:ledger` as it is called: what it prints, writes and exits with. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seeded } from '../../scripts/mutants/pick.ts'
import { simulate } from '../../scripts/sim-ledger.ts'
import { told } from '../support/told.ts'

let folder = ''
let trace = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-sim-'))
  trace = join(folder, 'trace.csv')
  const random = seeded(5)
  const lines = Array.from({ length: 1500 }, (_, index) => {
    const time = new Date(Date.UTC(2026, 0, 1) + 200 * index).toISOString().replace('T', ' ').replace('Z', '')
    return `${time},${50 + Math.floor(random() * 400)},${20 + Math.floor(random() * 200)}`
  })
  await writeFile(trace, ['TIMESTAMP,ContextTokens,GeneratedTokens', ...lines, ''].join('\n'))
})
afterAll(() => rm(folder, { recursive: true }))

const run = (...args: string[]) => told(simulate, args)

describe('a trace', () => {
  it('is replayed at each oversubscription, and the figures are kept', async () => {
    const json = join(folder, 'figures.json')
    const { code, out, err } = await run('--trace', trace, '--oversubscription', '6,12', '--json', json, '--seed', '2')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('1500 requests in 300 s')
    expect(out).toContain('6 × oversubscribed: 6 × the trace')
    expect(out).toContain('12 × oversubscribed: 12 × the trace')
    const figures = JSON.parse(await readFile(json, 'utf8'))
    expect(figures).toMatchObject({ seed: 2, comparisons: [{ oversubscription: 6 }, { oversubscription: 12 }] })
    expect(figures.comparisons[0].outcomes).toHaveLength(3)
  })

  it('on which a bound is missed makes it fail', async () => {
    // Two requests a minute: one answer alone is more than any estimate is off by.
    const { code, out } = await run('--trace', trace, '--oversubscription', '150', '--copies', '1')
    expect(code).toBe(1)
    expect(out).toContain('MISSED estimated')
    expect(out).toContain('150 × oversubscribed: the trace offered')
    expect(out).toMatch(/kept {3}hard/)
  })
})

describe('a wrong call', () => {
  it.each([
    ['without a trace', [], /--trace/],
    ['with no number', ['--trace', 'x', '--oversubscription', 'much'], /above 0/],
    ['with no whole number', ['--trace', 'x', '--copies', '1.5'], /whole number/],
    ['with a file that is not there', ['--trace', '/nowhere/trace.csv'], /ENOENT/],
  ])('%s is told what is wrong', async (_, args, message) => {
    const { code, err } = await run(...args)
    expect(code).toBe(2)
    expect(err).toMatch(message)
  })

  it('for help says where traces come from', async () => {
    const { code, out } = await run('--help')
    expect(code).toBe(0)
    expect(out).toContain('Azure/AzurePublicDataset (CC-BY-4.0)')
  })
})
