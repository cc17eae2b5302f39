/** Anthropic's output format → OpenAI's `response_format`. No I/O. */
import { field, isObject } from '../../core/loose.ts'
import { Undecodable } from './undecodable.ts'

type Json = Readonly<Record<string, unknown>>

/** OpenAI wants a name for a schema; Anthropic's has none. */
const SCHEMA_NAME = 'output'

/** `response_format`, or nothing where text may be any. `output_format` is the older name of `output_config.format`. */
export function formatOf({ output_config, output_format }: Json): Json {
  const inConfig = field(output_config, 'format')
  const format = inConfig ?? output_format
  if (format == null) return {}
  const schema = field(format, 'schema')
  if (field(format, 'type') !== 'json_schema' || !isObject(schema))
    throw new Undecodable(
      inConfig == null ? 'output_format' : 'output_config.format',
      'The output format must be a json_schema with a schema.',
    )
  const strict = isStrict(schema) ? { strict: true } : {}
  return { response_format: { type: 'json_schema', json_schema: { name: SCHEMA_NAME, schema, ...strict } } }
}

/**
 * Anthropic holds a model to every schema. OpenAI does so where it is told `strict`, and refuses that of a schema whose
 * objects have properties that may be missing, or others than those named.
 */
function isStrict(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isStrict)
  if (!isObject(schema)) return true
  const { properties, required, additionalProperties } = schema
  if (isObject(properties)) {
    if (additionalProperties !== false || !Array.isArray(required)) return false
    if (!Object.keys(properties).every((name) => required.includes(name))) return false
  }
  return Object.values(schema).every(isStrict)
}
