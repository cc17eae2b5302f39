/** JSON Schema → a small value that satisfies it, always the same. No I/O. */
type Schema = Readonly<Record<string, unknown>>

const DEPTH_MAX = 16

/** Gives the text for a string that the schema leaves free. */
export type Filler = (property: string) => string

/** A value for the schema: required properties, the fewest items, the least numbers. */
export function schemaValue(schema: unknown, filler: Filler): unknown {
  return build(asSchema(schema), asSchema(schema), 'value', filler, 0)
}

function build(root: Schema, schema: Schema, property: string, filler: Filler, depth: number): unknown {
  if (depth > DEPTH_MAX) return null
  const inner = (part: unknown, name = property): unknown => build(root, { ...asSchema(part) }, name, filler, depth + 1)
  if (typeof schema.$ref === 'string') return inner(resolve(root, schema.$ref))
  if ('const' in schema) return schema.const
  if ('default' in schema) return schema.default
  if (Array.isArray(schema.enum)) return schema.enum[0]
  const choice = firstOf(schema.anyOf) ?? firstOf(schema.oneOf)
  if (choice !== undefined) return inner(choice)
  if (Array.isArray(schema.allOf)) return inner(Object.assign({}, ...schema.allOf.map(asSchema)))
  switch (typeOf(schema)) {
    case 'object':
      return objectOf(schema, inner)
    case 'array':
      return Array.from({ length: Math.max(1, number(schema.minItems, 1)) }, () => inner(schema.items))
    case 'integer':
      return Math.ceil(leastOf(schema))
    case 'number':
      return leastOf(schema)
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return stringOf(schema, filler(property))
  }
}

function objectOf(schema: Schema, inner: (part: unknown, name: string) => unknown): Record<string, unknown> {
  const properties = asSchema(schema.properties)
  const required = Array.isArray(schema.required) ? schema.required.map(String) : Object.keys(properties)
  return Object.fromEntries(required.map((name) => [name, inner(properties[name], name)]))
}

function stringOf(schema: Schema, free: string): string {
  if (schema.format === 'date-time') return '2026-01-01T00:00:00Z'
  if (schema.format === 'date') return '2026-01-01'
  if (schema.format === 'email') return 'demo@example.com'
  if (schema.format === 'uri') return 'https://example.com/'
  if (schema.format === 'uuid') return '00000000-0000-4000-8000-000000000000'
  return free.slice(0, number(schema.maxLength, 200)).padEnd(number(schema.minLength, 0), '.')
}

function leastOf(schema: Schema): number {
  const above = schema.exclusiveMinimum
  const least = typeof above === 'number' ? above + 1 : number(schema.minimum, Math.min(1, number(schema.maximum, 1)))
  const step = number(schema.multipleOf, 0)
  return step > 0 ? Math.ceil(least / step) * step : least
}

function typeOf(schema: Schema): unknown {
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  return type ?? ('properties' in schema ? 'object' : 'items' in schema ? 'array' : 'string')
}

function resolve(root: Schema, reference: string): unknown {
  let at: unknown = root
  for (const step of reference.replace(/^#\/?/, '').split('/').filter(Boolean)) {
    at = asSchema(at)[step.replaceAll('~1', '/').replaceAll('~0', '~')]
  }
  return at
}

const firstOf = (list: unknown): unknown => (Array.isArray(list) ? list[0] : undefined)
const number = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise)
const asSchema = (value: unknown): Schema => (typeof value === 'object' && value !== null ? (value as Schema) : {})
