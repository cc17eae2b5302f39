/** Vectors of a set's texts, computed once and kept in a file beside them. */
import { createHash } from 'node:crypto'
import { access, constants, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Computes vectors of unit length. */
export type Embed = (texts: readonly string[]) => Promise<readonly (readonly number[])[]>

/** Where vectors are kept, and who is told what is being done. */
export interface VectorStore {
  /** Folders in the order in which they are tried; it is kept in the first that can be written. */
  readonly folders: readonly string[]
  readonly say: (line: string) => void
}

/** Larger ones take longer by the text. */
const BATCH = 16
const SAID_EVERY = 200

/** The vectors, one after the other, from their file or computed. Texts that have changed are computed again. */
export async function vectorsOf(
  texts: readonly string[],
  model: { readonly name: string; readonly dimensions: number; readonly embed: Embed },
  { folders, say }: VectorStore,
): Promise<Float32Array> {
  const digest = createHash('sha256')
    .update(JSON.stringify([model.name, texts]))
    .digest('hex')
    .slice(0, 16)
  const name = `vectors-${digest}.f32`
  const size = texts.length * model.dimensions
  for (const folder of folders) {
    const known = await readFile(join(folder, name)).catch(() => undefined)
    if (known?.byteLength === size * Float32Array.BYTES_PER_ELEMENT)
      return new Float32Array(new Uint8Array(known).buffer)
  }
  say(`computing ${texts.length} vectors with ${model.name}, once`)
  const vectors = new Float32Array(size)
  // Texts of one length together: a batch takes as long as its longest text makes it.
  const order = [...texts.keys()].sort((one, other) => (texts[one]?.length ?? 0) - (texts[other]?.length ?? 0))
  for (let from = 0; from < order.length; from += BATCH) {
    if (from > 0 && (from / BATCH) % SAID_EVERY === 0) say(`  ${from} of ${texts.length}`)
    const places = order.slice(from, from + BATCH)
    const batch = await model.embed(places.map((place) => texts[place] ?? ''))
    for (const [index, place] of places.entries()) vectors.set(batch[index] ?? [], place * model.dimensions)
  }
  const folder = await firstWritable(folders)
  // Never half a file under its name: a run that is stopped here starts anew.
  await writeFile(join(folder, `${name}.part`), vectors)
  await rename(join(folder, `${name}.part`), join(folder, name))
  say(`kept in ${join(folder, name)}`)
  return vectors
}

async function firstWritable(folders: readonly string[]): Promise<string> {
  for (const folder of folders) {
    try {
      await mkdir(folder, { recursive: true })
      await access(folder, constants.W_OK)
      return folder
    } catch {
      // The next one, then.
    }
  }
  throw new Error(`none of ${folders.join(', ')} can be written`)
}
