/** The format of an answer, as OpenAI has it. */
import { describe, expect, it } from 'vitest'
import { formatOf } from '../../../src/edge/messages/decode-format.ts'

const TEXT = { type: 'string' }
const object = (properties: object, more: object = {}) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
})
const read = (schema: object) =>
  formatOf({ output_config: { format: { type: 'json_schema', schema } } }).response_format

it('is a schema with a name, under either of its names', () => {
  const schema = object({ a: TEXT })
  const response_format = { type: 'json_schema', json_schema: { name: 'output', schema, strict: true } }
  expect(formatOf({ output_config: { format: { type: 'json_schema', schema } } })).toEqual({ response_format })
  expect(formatOf({ output_format: { type: 'json_schema', schema } })).toEqual({ response_format })
  expect(formatOf({ output_config: { format: null } })).toEqual({})
  expect(formatOf({})).toEqual({})
})

describe('strict', () => {
  it.each([
    object({}),
    object({ a: object({ b: TEXT }), c: { type: 'array', items: object({}) } }),
    { $defs: { d: object({ a: TEXT }) }, ...object({ a: { anyOf: [{ $ref: '#/$defs/d' }, { type: 'null' }] } }) },
  ])('%j suits it', (schema) => {
    expect(read(schema)).toMatchObject({ json_schema: { strict: true } })
  })

  it.each([
    object({ a: TEXT }, { required: [] }),
    object({ a: TEXT }, { required: undefined }),
    object({ a: TEXT }, { additionalProperties: undefined }),
    object({ a: { type: 'array', items: object({ b: TEXT }, { required: [] }) } }),
    { anyOf: [object({ a: TEXT }, { additionalProperties: true })] },
  ])('%j does not', (schema) => {
    expect(read(schema)).toEqual({ type: 'json_schema', json_schema: { name: 'output', schema } })
  })
})

it.each([
  ['output_config.format', { output_config: { format: { type: 'xml' } } }],
  ['output_config.format', { output_config: { format: { type: 'json_schema' } } }],
  ['output_format', { output_format: 'json' }],
])('refuses at %s', (param, body) => {
  expect(() => formatOf(body)).toThrow(expect.objectContaining({ param }))
})
