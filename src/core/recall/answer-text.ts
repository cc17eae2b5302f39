/** What a kept answer says, as one text that can be compared with another's. No I/O. */
import { parseJson } from '../chat-wire.ts'
import { field, items } from '../loose.ts'

/**
 * Content, refusal and tool calls of a chat's first choice, from its whole reply in JSON. Ids of calls are left out: no
 * two are the same. Empty where it says nothing.
 */
export function answerText(body: string): string {
  const message = field(items(field(parseJson(body), 'choices'))[0], 'message')
  const calls = items(field(message, 'tool_calls')).map((call) => {
    const called = field(call, 'function')
    return `${String(field(called, 'name'))}(${String(field(called, 'arguments'))})`
  })
  return [field(message, 'content'), field(message, 'refusal'), ...calls]
    .filter((part) => typeof part === 'string' && part !== '')
    .join('\n')
}
