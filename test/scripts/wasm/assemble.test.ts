/** The binary that is kept is what its text says. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { projectFolder } from '../../../scripts/support/options.ts'
import { assemble, SCAN } from '../../../scripts/wasm/assemble.ts'

it('keeps the binary of the scan’s source (else: npm run build:wasm)', async () => {
  const kept = await readFile(join(projectFolder, SCAN.binary))
  expect(Buffer.from(await assemble(projectFolder, SCAN.source)).equals(kept)).toBe(true)
})

it('says where a source is wrong', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-wasm-'))
  try {
    await writeFile(join(folder, 'bad.wat'), '(module\n  (func (export "f") (result i32) i64.const 1))')
    await expect(assemble(folder, 'bad.wat')).rejects.toThrow(/bad\.wat:2/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
