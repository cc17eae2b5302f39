/** Assembles the project's WebAssembly from its text: Workers cannot, so the binary is kept beside the code. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import wabt from 'wabt'

/** The one module: its source, and where its binary is kept, from the project's root. */
export const SCAN = { source: 'scripts/wasm/scan.wat', binary: 'src/objects/scan.wasm' } as const

/** The binary of a module's text, the same for the same text. Throws with the line of a fault. */
export async function assemble(folder: string, source: string): Promise<Uint8Array> {
  const module = (await wabt()).parseWat(source, await readFile(join(folder, source), 'utf8'), { simd: true })
  try {
    module.validate()
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}
