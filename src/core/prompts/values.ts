/** Values of a template's variables: are they what they must be, and how they are written. No I/O. */
import { isObject } from '../loose.ts'
import type { Variable, VariableType } from './types.ts'

const NAMED: Readonly<Record<VariableType, string>> = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  json: 'a JSON value',
}

/** A number that no double holds is kept as it was written (`lib/json.ts`). */
const isRaw = (value: unknown): boolean => (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value)

const IS: Readonly<Record<VariableType, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => (typeof value === 'number' && Number.isFinite(value)) || isRaw(value),
  integer: (value) => Number.isSafeInteger(value) || isRaw(value),
  boolean: (value) => typeof value === 'boolean',
  json: (value) => value !== undefined,
}

/** What is wrong with a value, to stand behind its name; null where nothing is. Never quotes it. */
export function valueFault({ type, maxChars }: Pick<Variable, 'type' | 'maxChars'>, value: unknown): string | null {
  if (!IS[type](value)) return `must be ${NAMED[type]}`
  if (maxChars === undefined) return null
  const chars = typeof value === 'string' ? value.length : JSON.stringify(value).length
  return chars > maxChars ? `must be at most ${maxChars} characters` : null
}

/** OpenAI's SDKs may send a text as an input item. */
export function plainValue({ type }: Pick<Variable, 'type'>, value: unknown): unknown {
  const isText = type === 'string' && isObject(value) && value.type === 'input_text' && typeof value.text === 'string'
  return isText ? value.text : value
}

const UNSAFE = /[<>&\u2028\u2029]/g

/**
 * A value in its own tag, as JSON: `<city>"Paris"</city>`. Whatever could end the tag, or the line, is escaped inside
 * the JSON, so that no value is anything but a value.
 */
export function tagged(name: string, value: unknown): string {
  const json = JSON.stringify(value).replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `<${name}>${json}</${name}>`
}
