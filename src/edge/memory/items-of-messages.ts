/** Chat messages that are new in a turn → items as a conversation keeps them. No I/O. */
import { isObject, items } from '../../core/loose.ts'
import { OutputItems, UNTOLD } from '../responses/output-items.ts'
import { keptItem, type NewId } from './session-items.ts'

type Json = Readonly<Record<string, unknown>>

/** The items. Instructions are of the turn, not of the conversation, and what has no place in it is left out. */
export function itemsOfMessages(messages: readonly unknown[], newId: NewId): readonly Json[] {
  return messages.filter(isObject).flatMap((message) => {
    switch (message.role) {
      case 'user':
        return [keptItem({ type: 'message', role: 'user', content: contentOf(message.content) }, newId)]
      case 'assistant':
        return spoken(message, newId)
      case 'tool':
        return [
          keptItem(
            { type: 'function_call_output', call_id: message.tool_call_id, output: textOf(message.content) },
            newId,
          ),
        ]
      default:
        return []
    }
  })
}

/** As an answer is written. */
function spoken(message: Json, newId: NewId): readonly Json[] {
  const output = new OutputItems(newId(), {}, UNTOLD)
  const calls = items(message.tool_calls)
    .filter(isObject)
    .map((call, index) => ({ ...call, index }))
  const refused = items(message.content).find((part) => isObject(part) && part.type === 'refusal')
  output.take(
    {
      ...message,
      content: textOf(message.content),
      refusal: message.refusal ?? (isObject(refused) ? refused.refusal : undefined),
      tool_calls: calls,
    },
    null,
  )
  return output.end(false).map((item) => ({ ...item, status: 'completed' }))
}

const textOf = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : items(content)
        .map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : ''))
        .join('')

function contentOf(content: unknown): unknown {
  return typeof content === 'string' ? content : items(content).filter(isObject).flatMap(partOf)
}

function partOf(part: Json): readonly Json[] {
  const breakpoint =
    part.prompt_cache_breakpoint == null ? {} : { prompt_cache_breakpoint: part.prompt_cache_breakpoint }
  switch (part.type) {
    case 'text':
      return [{ type: 'input_text', text: part.text, ...breakpoint }]
    case 'image_url': {
      const { url, detail } = isObject(part.image_url) ? part.image_url : {}
      return [{ type: 'input_image', image_url: url, ...(detail == null ? {} : { detail }), ...breakpoint }]
    }
    case 'file':
      return [{ type: 'input_file', ...(isObject(part.file) ? part.file : {}), ...breakpoint }]
    case 'input_audio':
      return [{ type: 'input_audio', input_audio: part.input_audio, ...breakpoint }]
    default:
      return []
  }
}
