/** What the admin API takes as a prompt template, and a caller as a profile. Unknown fields are faults. No I/O. */
import { z } from 'zod'
import type { Fault } from '../control.ts'
import { pointer } from '../faults.ts'
import { field, items, members } from '../loose.ts'
import {
  PROFILE_BYTES_MAX,
  TEMPLATE_CHARS_MAX,
  TEMPLATE_DESCRIPTION_CHARS_MAX,
  TEMPLATE_MESSAGES_MAX,
  TEMPLATE_NAME_CHARS_MAX,
  TEMPLATE_VARIABLES_MAX,
} from './limits.ts'
import { namesIn, VARIABLE_NAME } from './placeholders.ts'
import type { Variable } from './types.ts'
import { valueFault } from './values.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const NAMED = 'must be 1 to 64 of A-Z, a-z, 0-9, ., _ and -, the first a letter or digit'

const VARIABLE_NAMED = 'must be named with 1 to 64 of A-Z, a-z, 0-9 and _, the first a letter'

/** Name of a template: it stands in a header before `@`. */
export const templateNameSchema = z.string().regex(NAME, NAMED)

const types = z.enum(['string', 'number', 'integer', 'boolean', 'json'])

const variable = z.strictObject({
  type: types,
  required: z.boolean().optional().describe('true where absent; a variable with a default need not be sent'),
  default: z.unknown().optional(),
  maxChars: z
    .number()
    .int()
    .min(1)
    .max(TEMPLATE_CHARS_MAX)
    .optional()
    .describe('Of a string, or of another value as JSON'),
})

const message = z.strictObject({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: z.string().min(1).max(TEMPLATE_CHARS_MAX).describe('Values of variables go where {{name}} stands'),
})

/** What goes together is checked beside this, by `templateFaults`. */
export const templateSchema = z.strictObject({
  messages: z.array(message).min(1).max(TEMPLATE_MESSAGES_MAX),
  variables: z
    .record(z.string(), variable)
    .refine((all) => Object.keys(all).length <= TEMPLATE_VARIABLES_MAX, `holds more than ${TEMPLATE_VARIABLES_MAX}`)
    .optional(),
  description: z.string().max(TEMPLATE_DESCRIPTION_CHARS_MAX).optional(),
})

/** What the schema cannot say, of a template as it was written, under a name as it was given. */
export function templateFaults(input: unknown, name: string): Fault[] {
  const messages = items(field(input, 'messages'))
  const variables = members(field(input, 'variables'))
  const faults: Fault[] = NAME.test(name) ? [] : [{ path: '/name', message: NAMED }]
  if (JSON.stringify(input ?? null).length > TEMPLATE_CHARS_MAX)
    faults.push({ path: '', message: `is longer than ${TEMPLATE_CHARS_MAX} characters of JSON` })
  const known = new Set(variables.map(([of]) => of))
  const used = new Set<string>()
  for (const [index, one] of messages.entries()) {
    const content = field(one, 'content')
    for (const of of typeof content === 'string' ? namesIn(content) : []) {
      used.add(of)
      const path = pointer(['messages', index, 'content'])
      if (!known.has(of))
        faults.push({
          path,
          message: `has the placeholder {{${of.slice(0, TEMPLATE_NAME_CHARS_MAX)}}}, which no variable fills`,
        })
    }
  }
  for (const [of, declared] of variables) {
    if (!VARIABLE_NAME.test(of)) faults.push({ path: pointer(['variables', of]), message: VARIABLE_NAMED })
    if (!used.has(of)) faults.push({ path: pointer(['variables', of]), message: 'is used in no message' })
    faults.push(...defaultFaults(of, declared))
  }
  return [...faults, ...orderFaults(messages)]
}

function defaultFaults(name: string, declared: unknown): Fault[] {
  const [type, value, maxChars] = ['type', 'default', 'maxChars'].map((of) => field(declared, of))
  const known = types.safeParse(type)
  if (value === undefined || !known.success) return []
  const bounds = typeof maxChars === 'number' ? { maxChars } : {}
  const fault = valueFault({ type: known.data, ...bounds } satisfies Variable, value)
  return fault === null ? [] : [{ path: pointer(['variables', name, 'default']), message: fault }]
}

/** There are protocols in which a conversation is always begun by its user. */
function orderFaults(messages: readonly unknown[]): Fault[] {
  const first = messages.findIndex((one) => ['user', 'assistant'].includes(String(field(one, 'role'))))
  if (first < 0 || field(messages[first], 'role') === 'user') return []
  return [{ path: pointer(['messages', first, 'role']), message: 'must be user: a conversation begins with its user' }]
}

/** `PUT /v1/users/{id}/profile`. */
export const profileSchema = z
  .strictObject({
    attributes: z.record(z.string().min(1), z.unknown()).default({}).describe('Anything of JSON, by name'),
    tags: z.array(z.string()).default([]),
  })
  .describe(`At most ${PROFILE_BYTES_MAX} bytes of JSON`)
