/** Values made for a JSON Schema satisfy it: an independent validator says so. */
import { expect, test } from 'vitest'
import { z } from 'zod'
import { schemaValue } from '../../../scripts/demo/schema-value.ts'

const shapes = {
  plain: z.object({ name: z.string(), age: z.int().min(18), ok: z.boolean(), nothing: z.null() }),
  bounds: z.object({ a: z.number().gt(3), b: z.string().min(6), c: z.string().max(2), d: z.number().max(-5) }),
  lists: z.object({ tags: z.array(z.string()).min(3), pair: z.array(z.object({ x: z.number() })) }),
  choices: z.object({ unit: z.enum(['c', 'f']), either: z.union([z.number(), z.string()]), fixed: z.literal('z') }),
  formats: z.object({ at: z.iso.datetime(), day: z.iso.date(), mail: z.email(), link: z.url(), id: z.uuid() }),
  optional: z.object({ needed: z.string(), left: z.string().optional() }),
  nullable: z.object({ maybe: z.string().nullable() }),
  steps: z.object({ n: z.int().multipleOf(5).min(7) }),
}

for (const [name, shape] of Object.entries(shapes)) {
  test(name, () => {
    const value = schemaValue(z.toJSONSchema(shape), () => 'demo')
    expect(shape.safeParse(value).error).toBeUndefined()
  })
}

test('references are followed, and one that never ends is cut', () => {
  const schema = {
    type: 'object',
    properties: { point: { $ref: '#/$defs/point' }, self: { $ref: '#' } },
    required: ['point'],
    $defs: { point: { type: 'object', properties: { x: { type: 'integer' } } } },
  }
  expect(schemaValue(schema, () => '')).toEqual({ point: { x: 1 } })
  expect(JSON.stringify(schemaValue({ ...schema, required: ['self'] }, () => ''))).toContain('null')
})

test('a free string is the filler for its property', () => {
  const schema = { properties: { city: { type: 'string' } } }
  expect(schemaValue(schema, (property) => `a ${property}`)).toEqual({ city: 'a city' })
})
