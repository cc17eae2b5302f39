/** Broken JSON is told by line and column. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseJson, readJson, readJsonOrInput } from '../../../scripts/cli/json-file.ts'

const fault = (text: string): string => {
  try {
    parseJson(text, 'a.json')
    return 'none'
  } catch (error) {
    return (error as Error).message
  }
}

it.each([
  ['{"a":}', '1:6'],
  ['[1,]', '1:4'],
  ['{"a":1,}', '1:8'],
  ['{\n  "a": 1\n  "b": 2\n}', '3:3'],
  ['{\n\n "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": 1,\n "b": nope}', '4:8'],
  ['// no comments\n{}', '1:1'],
  ['{"a": "x\ny"}', '1:9'],
  ['{"a": 1', '1:8'],
  ['{"a": 1}\n}', '2:1'],
  ['', '1:1'],
])('%j is broken at %s', (text, where) => {
  expect(fault(text)).toMatch(new RegExp(`^a\\.json:${where}: \\S`))
})

it('finds the place in a megabyte', () => {
  const lines = Array.from({ length: 30_000 }, (_, index) => `  "${index}": "${'v'.repeat(24)}",`)
  lines[20_000] = '  "x": ?,'
  expect(fault(`{\n${lines.join('\n')}\n"last": 1}`)).toMatch(/^a\.json:20002:8: Unexpected token '\?'/)
})

it('reads a file, with a byte order mark too, and says when it cannot', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'sluice-cli-')), 'config.json')
  await writeFile(file, '\uFEFF{"models": {}}')
  expect(await readJson(file)).toEqual({ models: {} })
  await expect(readJson(`${file}.not`)).rejects.toThrow(/config\.json\.not cannot be read \(ENOENT\)/)
})

it('reads standard input where the file is -, and names it when it is broken', async () => {
  const io = (text: string) => ({ env: {}, devVars: '', out: () => {}, err: () => {}, input: async () => text })
  expect(await readJsonOrInput(io('[1]\n'), '-', '')).toEqual([1])
  await expect(readJsonOrInput(io('[1,]'), '-', '')).rejects.toThrow(/^standard input:1:4: /)
  await expect(readJsonOrInput(io('[1]'), '/nowhere/limits.json', '')).rejects.toThrow(/limits\.json cannot be read/)
})
