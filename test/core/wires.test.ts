/** Every form reads its own replies, and not those of the others. */
import { expect, it } from 'vitest'
import type { Form } from '../../src/core/wire.ts'
import { WIRES } from '../../src/core/wires.ts'

const replies: Readonly<Record<Form, object>> = {
  openai: { choices: [{ message: { role: 'assistant', content: 'Hi' } }] },
  messages: { type: 'message', role: 'assistant', content: [{ type: 'text', text: 'Hi' }] },
  responses: { object: 'response', status: 'completed', output: [] },
}

it.each(Object.keys(WIRES) as Form[])('%s', (form) => {
  const read = (Object.keys(replies) as Form[]).filter((other) => WIRES[form].isReply('chat', replies[other]))
  expect(read).toEqual([form])
})
