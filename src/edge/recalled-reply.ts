/** An answer that was given before, as the caller asked for it: with an id and a time of its own. */
import { parseJson } from '../core/chat-wire.ts'
import { isObject } from '../core/loose.ts'
import type { Answer } from '../gateway.ts'
import type { Heading, Skin } from './skin.ts'
import { translatedWhole } from './translated.ts'

type Hit = Extract<Answer, { kind: 'recalled' }>['hit']
type Json = Readonly<Record<string, unknown>>

/** The whole reply's JSON. */
export function wholeOf(hit: Hit, skin: Skin, heading: Heading, asked: Json): string {
  const text = hit.prepared.whole(fresh(hit, heading))
  return skin.encode === null ? text : encodedWhole(text, skin.encode, heading, asked)
}

/** All of its event stream, which is there already. */
export function streamOf(hit: Hit, skin: Skin, heading: Heading, asked: Json, wantsUsage: boolean): string {
  const text = hit.prepared.stream(fresh(hit, heading), wantsUsage)
  return skin.encode === null ? text : translatedWhole(skin.encode.stream(heading, asked), text)
}

/** A canonical reply's JSON as a skin has it. */
export function encodedWhole(text: string, encode: NonNullable<Skin['encode']>, heading: Heading, asked: Json): string {
  const completion = parseJson(text)
  return JSON.stringify(encode.whole(isObject(completion) ? completion : {}, heading, asked))
}

const fresh = ({ reply }: Hit, { id, createdS }: Heading) => ({
  id: `${reply.operation === 'completions' ? 'cmpl' : 'chatcmpl'}-${id}`,
  createdS,
})
