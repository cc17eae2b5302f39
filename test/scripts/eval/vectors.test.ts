/** Vectors are computed once, and kept where they can be. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { vectorsOf } from '../../../scripts/eval/vectors.ts'

let folder = ''
let asked = 0
const said: string[] = []
const model = {
  name: 'lengths',
  dimensions: 2,
  embed: async (texts: readonly string[]) => {
    asked += texts.length
    return texts.map((text) => [text.length, 1])
  },
}
const store = (...names: string[]) => ({
  folders: names.map((name) => join(folder, name)),
  say: (line: string) => void said.push(line),
})

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-vectors-'))
  asked = 0
  said.length = 0
})
afterEach(() => rm(folder, { recursive: true }))

it('computes each once, in batches, and finds them again', async () => {
  const texts = Array.from({ length: 150 }, (_, index) => 'x'.repeat(index))
  const vectors = await vectorsOf(texts, model, store('set'))
  expect([vectors.length, vectors[2 * 149], asked]).toEqual([300, 149, 150])
  expect(await vectorsOf(texts, model, store('set'))).toEqual(vectors)
  expect(asked).toBe(150)
  expect(await readdir(join(folder, 'set'))).toHaveLength(1)
})

it('computes again what was changed', async () => {
  await vectorsOf(['a'], model, store('set'))
  await vectorsOf(['b'], model, store('set'))
  await vectorsOf(['b'], { ...model, name: 'other' }, store('set'))
  expect(asked).toBe(3)
})

it('keeps them in the next folder where the first cannot be written, and says where', async () => {
  await mkdir(join(folder, 'in'), { recursive: true })
  await writeFile(join(folder, 'in', 'file'), '')
  await vectorsOf(['a'], model, store('in/file/set', 'out'))
  expect(await readdir(join(folder, 'out'))).toHaveLength(1)
  expect(said.at(-1)).toContain(join(folder, 'out'))
  await expect(vectorsOf(['b'], model, store('in/file/set'))).rejects.toThrow('can be written')
})
