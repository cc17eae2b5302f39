/** A whole response → the events that OpenAI would send for it, deltas cut at will. */
type Json = Record<string, unknown>

interface Cut {
  /** Characters in a delta. */
  readonly size?: number
  /** False: items come whole, at their end. */
  readonly sendsDeltas?: boolean
}

/** The events, numbered. */
export function eventsOf(response: Json, { size = 4, sendsDeltas = true }: Cut = {}): Json[] {
  const begun = { ...response, status: 'in_progress', output: [], usage: null }
  const events: Json[] = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
  ]
  const output = response.output as Json[]
  for (const [index, item] of output.entries()) events.push(...itemEvents(item, index, size, sendsDeltas))
  events.push({ type: `response.${response.status}`, response })
  return events.map((event, index) => ({ ...event, sequence_number: index }))
}

function itemEvents(item: Json, index: number, size: number, sendsDeltas: boolean): Json[] {
  const place = { item_id: item.id, output_index: index }
  const { encrypted_content: _, ...plain } = item
  const begun = { ...plain, status: 'in_progress' } as Json
  for (const name of ['content', 'summary']) if (name in begun) begun[name] = []
  for (const name of ['arguments', 'input']) if (name in begun) begun[name] = ''
  const deltas = sendsDeltas ? partEvents(item, place, size) : []
  return [
    { type: 'response.output_item.added', output_index: index, item: begun },
    ...deltas,
    { type: 'response.output_item.done', output_index: index, item },
  ]
}

function partEvents(item: Json, place: Json, size: number): Json[] {
  const pieces = (type: string, where: Json, text: unknown): Json[] =>
    cut(String(text), size).map((delta) => ({ type: `response.${type}.delta`, ...where, delta }))
  if (item.type === 'function_call') return pieces('function_call_arguments', place, item.arguments)
  if (item.type === 'custom_tool_call') return pieces('custom_tool_call_input', place, item.input)
  const summary = list(item.summary).flatMap((part, at) => {
    const where = { ...place, summary_index: at }
    return [
      { type: 'response.reasoning_summary_part.added', ...where, part: { ...part, text: '' } },
      ...pieces('reasoning_summary_text', where, part.text),
      { type: 'response.reasoning_summary_text.done', ...where, text: part.text },
      { type: 'response.reasoning_summary_part.done', ...where, part },
    ]
  })
  const content = list(item.content).flatMap((part, at) => {
    const where = { ...place, content_index: at }
    const name = part.type === 'refusal' ? 'refusal' : 'text'
    return [
      { type: 'response.content_part.added', ...where, part: { ...part, [name]: '' } },
      ...pieces(String(part.type), where, part[name] ?? ''),
      { type: `response.${part.type}.done`, ...where, [name]: part[name] },
      { type: 'response.content_part.done', ...where, part },
    ]
  })
  return [...summary, ...content]
}

const list = (value: unknown): Json[] => (Array.isArray(value) ? value : [])

function cut(text: string, size: number): string[] {
  const parts: string[] = []
  for (let at = 0; at < text.length; at += size) parts.push(text.slice(at, at + size))
  return parts
}
