/** The forms that answers come in, and who reads each. No I/O. */
import { openaiWire } from './chat-wire.ts'
import { messagesWire } from './messages/wire.ts'
import { responsesWire } from './responses/wire.ts'
import type { Form, Wire } from './wire.ts'

export const WIRES: Readonly<Record<Form, Wire>> = {
  openai: openaiWire,
  messages: messagesWire,
  responses: responsesWire,
}
