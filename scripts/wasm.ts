/** `npm run build:wasm`: assembles the scan of vectors anew, beside the object that runs it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectFolder } from './support/options.ts'
import { assemble, SCAN } from './wasm/assemble.ts'

if (import.meta.main) {
  const binary = await assemble(projectFolder, SCAN.source)
  await writeFile(join(projectFolder, SCAN.binary), binary)
  console.log(`${SCAN.binary}: ${binary.byteLength} bytes`)
}
