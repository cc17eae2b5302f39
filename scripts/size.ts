/** `npm run check:size`: the Worker as it would be deployed, compressed, against its bound; exit 1 above it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { buildWorker } from './support/build.ts'
import { projectFolder } from './support/options.ts'

/** Cloudflare's own bound is 3 MB; ours keeps the start-up of an isolate short. */
export const GZ_BYTES_MAX = 600_000

/** Compressed bytes of all modules together, and whether the bound holds. */
export function weigh(modules: readonly Uint8Array[]): { bytes: number; ok: boolean } {
  const bytes = modules.reduce((sum, module) => sum + gzipSync(module).length, 0)
  return { bytes, ok: bytes < GZ_BYTES_MAX }
}

if (import.meta.main) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-size-'))
  try {
    const names = await buildWorker(projectFolder, join(folder, 'worker'))
    const { bytes, ok } = weigh(await Promise.all(names.map((name) => readFile(join(folder, 'worker', name)))))
    console.log(`${Math.round(bytes / 1000)} KB compressed, at most ${GZ_BYTES_MAX / 1000} KB`)
    if (!ok) process.exitCode = 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
