/** A set and its vectors on their way into the isolate that streams them. No I/O. */
import type { Utterance } from './data.ts'

/** A set with its vectors, one after the other; those of the answers only where they are to be judged. */
export interface Loaded {
  readonly utterances: readonly Utterance[]
  readonly dimensions: number
  readonly questions: Float32Array
  readonly answers: Float32Array | null
}

const LENGTH_BYTES = 4

/** Length of the head, head (JSON), padding to four bytes, vectors of the questions and of the answers. */
export function writeLoad({ utterances, dimensions, questions, answers }: Loaded): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(JSON.stringify({ utterances, dimensions }))
  const from = LENGTH_BYTES + Math.ceil(head.length / Float32Array.BYTES_PER_ELEMENT) * Float32Array.BYTES_PER_ELEMENT
  const load = new Uint8Array(from + questions.byteLength + (answers?.byteLength ?? 0))
  new DataView(load.buffer).setUint32(0, head.length)
  load.set(head, LENGTH_BYTES)
  load.set(new Uint8Array(questions.buffer, questions.byteOffset, questions.byteLength), from)
  if (answers !== null) {
    load.set(new Uint8Array(answers.buffer, answers.byteOffset, answers.byteLength), from + questions.byteLength)
  }
  return load
}

/** What `writeLoad` wrote. */
export function readLoad(load: ArrayBuffer): Loaded {
  const length = new DataView(load).getUint32(0)
  const head = new TextDecoder().decode(new Uint8Array(load, LENGTH_BYTES, length))
  const { utterances, dimensions } = JSON.parse(head) as Pick<Loaded, 'utterances' | 'dimensions'>
  const from = LENGTH_BYTES + Math.ceil(length / Float32Array.BYTES_PER_ELEMENT) * Float32Array.BYTES_PER_ELEMENT
  const count = utterances.length * dimensions
  const questions = new Float32Array(load, from, count)
  const rest = from + questions.byteLength
  return {
    utterances,
    dimensions,
    questions,
    answers: load.byteLength > rest ? new Float32Array(load, rest, count) : null,
  }
}

/** One vector of many. */
export function vectorAt(vectors: Float32Array, at: number, dimensions: number): Float32Array {
  return vectors.subarray(at * dimensions, (at + 1) * dimensions)
}
