/** Tools, tool choice and text format of Responses → those of chat. No I/O. */
import { isObject, items } from '../../core/loose.ts'
import { stringAt, UndecodableError } from './fault.ts'

type Json = Readonly<Record<string, unknown>>

/** Tools of the caller's own, in chat's nested shape; those that a provider runs itself are refused by name. */
export function toolsOf(tools: unknown): readonly Json[] {
  return items(tools).map((tool, index) => {
    const at = `tools[${index}]`
    const { type } = isObject(tool) ? tool : {}
    if (isObject(tool) && type === 'function') return functionTool(tool, at)
    if (isObject(tool) && type === 'custom') return customTool(tool, at)
    throw new UndecodableError(
      `${at}.type`,
      typeof type === 'string'
        ? `The tool ${type} is run by one provider itself and is not available here. Offer a function tool of your own in its place.`
        : 'A tool must be an object of type function or custom.',
    )
  })
}

/** `strict` stays away where it is not sent: chat then takes any schema, and strict ones must be written for it. */
function functionTool({ name, description, parameters, strict }: Json, at: string): Json {
  return {
    type: 'function',
    function: {
      name: stringAt(name, `${at}.name`),
      ...present({ description, parameters, strict }),
    },
  }
}

function customTool({ name, description, format }: Json, at: string): Json {
  return {
    type: 'custom',
    custom: { name: stringAt(name, `${at}.name`), ...present({ description, format: customFormat(format) }) },
  }
}

function customFormat(format: unknown): unknown {
  if (!isObject(format) || format.type !== 'grammar') return format
  const { type, ...grammar } = format
  return { type, grammar }
}

/** A tool choice in chat's shape. */
export function toolChoiceOf(choice: unknown): unknown {
  if (!isObject(choice)) return choice
  if (choice.type === 'allowed_tools')
    return {
      type: 'allowed_tools',
      allowed_tools: {
        ...present({ mode: choice.mode }),
        tools: items(choice.tools).map((tool, index) => namedTool(tool, `tool_choice.tools[${index}]`)),
      },
    }
  return namedTool(choice, 'tool_choice')
}

function namedTool(tool: unknown, at: string): Json {
  const { type, name } = isObject(tool) ? tool : {}
  if (type === 'function' || type === 'custom') return { type, [type]: { name: stringAt(name, `${at}.name`) } }
  throw new UndecodableError(at, 'Only tools of type function or custom can be chosen here.')
}

/** `text.format` as chat's `response_format`; undefined for plain text, which is what is given unasked. */
export function responseFormatOf(format: unknown): Json | undefined {
  if (format == null) return undefined
  const { type, name, schema, description, strict } = isObject(format) ? format : {}
  if (type === 'text') return undefined
  if (type === 'json_object') return { type }
  if (type === 'json_schema') return { type, json_schema: present({ name, description, schema, strict }) }
  throw new UndecodableError('text.format.type', 'The text format must be text, json_object or json_schema.')
}

/** What is there, of some fields. */
const present = (fields: Json): Json => Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null))
