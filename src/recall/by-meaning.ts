/** Recall by meaning of one request: its question, gated, embedded, compared, and answered from the group it falls into. */
import type { CacheNews } from '../core/recall/types.ts'
import { semanticGate } from '../core/semantic/gate.ts'
import { digestTraits, traitsOf } from '../core/semantic/traits.ts'
import type { Traits } from '../core/semantic/types.ts'
import { fromBase64, toBase64 } from '../lib/hash.ts'
import { questionOf } from './cacheability.ts'
import { scopeText } from './fingerprint.ts'
import { guarded } from './guarded.ts'
import { kept, keyOf, madeNews } from './kept.ts'
import { lookByMeaning, type Meaning } from './meaning.ts'
import { fetched, hitOf, type Search } from './search.ts'
import type { AskedByMeaning, Embedder, Hit, RecallServices } from './types.ts'

/** A hit, or what is to be learned once the question has been answered. */
export interface ByMeaning {
  readonly hit: Hit | null
  readonly asked: AskedByMeaning | null
}

const NOTHING: ByMeaning = { hit: null, asked: null }
/** What a vector takes in memory besides its numbers, about. */
const ENTRY_BYTES = 256

/** Asks by meaning where the model's policy has it and the question allows it. Never rejects: what fails is a miss. */
export async function askByMeaning(services: RecallServices, search: Search): Promise<ByMeaning> {
  const { model, embedder, judge, place, may, client } = search
  const semantic = model.config.cache?.semantic
  if (semantic?.enabled !== true || embedder === null || client.aborted) return NOTHING
  const read = readQuestion(search)
  if (read === null) return NOTHING
  const { scope, traits } = read
  const embedded = await vectorOf(services, search, embedder, read.question)
  if (embedded === null) return NOTHING
  const { vector, news } = embedded
  const space = { route: model.alias, encoder: `${embedder.id}/${vector.length}`, scope }
  const { maxErrorRate } = semantic
  const look = () => lookByMeaning(services, { place, space, vector, traits, maxErrorRate })
  const meaning = await guarded(services, services.vectorBreaker, 'vectors', look)
  if (meaning === null) return NOTHING
  if (meaning.verdict !== 'hit' || !may.read || meaning.candidate === null)
    return { hit: null, asked: { meaning, embedder, judge, news } }
  const { group, similarity } = meaning.candidate
  const known = await fetched(services, search, group)
  if (known !== null) return { hit: hitOf(services, search.place, group, 'semantic', known, similarity), asked: null }
  forgetGroup(services, search, meaning, group)
  return { hit: null, asked: { meaning: { ...meaning, candidate: null }, embedder, judge, news } }
}

/** What is read of a request that is asked by meaning. */
interface ReadQuestion {
  /** The exact key of the request: as long as that is the same, so is all of this. */
  readonly key: string
  readonly question: string
  readonly scope: string
  /** Hashed. */
  readonly traits: Traits
}

/** By body: one that is known decoded comes again as the same object, and reading it takes longer than all look-ups. */
const readQuestions = new WeakMap<Search['request']['body'], ReadQuestion>()

/** Null where there is no question, or the gate is shut. */
function readQuestion({ request, model, caller, keyring, key }: Search): ReadQuestion | null {
  const known = readQuestions.get(request.body)
  if (known?.key === key) return known
  const { question } = questionOf(request)
  if (question === null || semanticGate(question) !== null) return null
  const scope = keyring.fingerprint(scopeText(request, model, caller))
  const traits = digestTraits(traitsOf(question), (token) => keyring.mark('trait', token))
  const read = { key, question, scope, traits }
  readQuestions.set(request.body, read)
  return read
}

/** Its answer has left the store: nobody can be served from it any more. */
function forgetGroup(services: RecallServices, { place }: Search, { question }: Meaning, group: string): void {
  services.background(services.vectorIndex.dropGroup(place, question.space, group).catch(() => undefined))
}

interface Embedded {
  readonly vector: Float32Array
  /** Of which the store is to be told; null where it knows. */
  readonly news: CacheNews | null
}

/** The vector of a question: from memory, from the store, or made. */
async function vectorOf(
  services: RecallServices,
  search: Search,
  embedder: Embedder,
  question: string,
): Promise<Embedded | null> {
  const { vectors, embedBreaker } = services
  const { client } = search
  const key = keyOf(search, 'embedding', embedder.id, question)
  const remembered = vectors.get(key)
  if (remembered !== undefined) return { vector: remembered, news: null }
  const stored = vectorIn(await kept(services, search, key))
  const vector =
    stored ??
    (await guarded(services, embedBreaker, 'embedder', async () => {
      const [made] = (await embedder.embed([question], client)) ?? []
      if (made === undefined && !client.aborted) throw new NoVector()
      return made ?? null
    }))
  if (vector === null) return null
  vectors.set(key, vector, vector.byteLength + ENTRY_BYTES)
  if (stored !== null) return { vector, news: null }
  const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
  return { vector, news: await madeNews(services, search, 'embedding', key, toBase64(bytes)) }
}

/** A vector from its bytes in base64; null for anything else. */
function vectorIn(text: string | null): Float32Array | null {
  const bytes = text === null ? null : fromBase64(text)
  if (bytes === null || bytes.byteLength === 0 || bytes.byteLength % Float32Array.BYTES_PER_ELEMENT !== 0) return null
  return new Float32Array(bytes.buffer)
}

/** The embedder has no answer. */
class NoVector extends Error {
  override readonly name = 'NoVector'
}
