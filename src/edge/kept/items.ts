/** Items of a conversation as they are kept and listed, and as they are asked with again. No I/O. */
import { isObject, items } from '../../core/loose.ts'

type Json = Readonly<Record<string, unknown>>

/** Type of an item → what its id begins with, as OpenAI has it. */
const PREFIXES: Readonly<Record<string, string>> = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  function_call_output: 'fco',
  custom_tool_call: 'ctc',
  custom_tool_call_output: 'ctco',
}
/** Ids that are ours: no provider is told of them. */
const OWN_ID = /^[a-z]+_in_[0-9a-f]{32}_\d+$/
/** As `OutputItems` makes them. */
const OUTPUT_ID = /^[a-z]+_([0-9a-f]{32})_\d+$/
const CALLS: ReadonlySet<unknown> = new Set(['function_call', 'custom_tool_call'])

/** The SDKs' types let messages and references come without a type. */
const typeOf = (item: Json): unknown => item.type ?? (item.role == null ? 'item_reference' : 'message')

/** The items of an input, each whole and with an id. `unique`: 32 hex digits; ids are made of it where there are none. */
export function listedItems(input: unknown, unique: string): readonly Json[] {
  const all = typeof input === 'string' ? [{ role: 'user', content: input }] : items(input).filter(isObject)
  return all.map((item, index) => {
    const type = typeOf(item)
    const id = typeof item.id === 'string' ? item.id : `${PREFIXES[String(type)] ?? 'item'}_in_${unique}_${index}`
    if (type !== 'message') return { ...item, id }
    return { status: 'completed', ...item, id, type, content: partsOf(item) }
  })
}

/** Ids of items that an input refers to. */
export const referredTo = (input: unknown): readonly unknown[] =>
  items(input)
    .filter(isReference)
    .map(({ id }) => id)

/** Items that are referred to, in the place of their references, as `askedAgain` has them; what is not known stays as it is. */
export function withoutReferences(
  input: unknown,
  known: readonly Json[],
): { readonly input: unknown; readonly put: readonly Json[] } {
  if (!Array.isArray(input) || !input.some(isReference)) return { input, put: [] }
  const byId = new Map(known.map((item) => [item.id, item]))
  const put: Json[] = []
  const resolved = input.flatMap((item: unknown): readonly unknown[] => {
    const found = isReference(item) ? byId.get(item.id) : undefined
    if (found === undefined) return [item]
    const again = askedAgain([found])
    put.push(...again)
    return again
  })
  return { input: resolved, put }
}

/** The response that an output item of ours belongs to, as its id says; null of any other item. */
export function responseOfItem(id: unknown): string | null {
  const unique = typeof id === 'string' ? OUTPUT_ID.exec(id)?.[1] : undefined
  return unique === undefined ? null : `resp_${unique}`
}

/**
 * Kept items as the beginning of an input. Reasoning that is nowhere but with its provider is left out, for nothing is
 * kept there; and so is a call that was cut off, which nobody can answer.
 */
export function askedAgain(context: readonly Json[]): readonly Json[] {
  return context.filter(isSayable).map((item) => {
    if (!OWN_ID.test(String(item.id))) return item
    const { id: _, ...rest } = item
    return rest
  })
}

function isSayable(item: Json): boolean {
  if (item.type === 'reasoning') return typeof item.encrypted_content === 'string' || items(item.content).length > 0
  return !(CALLS.has(item.type) && item.status === 'incomplete')
}

const isReference = (item: unknown): item is Json => isObject(item) && typeOf(item) === 'item_reference'

function partsOf({ role, content }: Json): unknown {
  if (typeof content !== 'string') return content
  return role === 'assistant'
    ? [{ type: 'output_text', text: content, annotations: [] }]
    : [{ type: 'input_text', text: content }]
}
