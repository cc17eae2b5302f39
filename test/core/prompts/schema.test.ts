/** Templates as they are written: every fault, with where it lies. */
import { describe, expect, it } from 'vitest'
import { faultsOf } from '../../../src/core/faults.ts'
import { TEMPLATE_CHARS_MAX, TEMPLATE_VARIABLES_MAX } from '../../../src/core/prompts/limits.ts'
import { profileSchema, templateFaults, templateNameSchema, templateSchema } from '../../../src/core/prompts/schema.ts'

const GOOD = {
  messages: [
    { role: 'system', content: 'In {{city}}, {{n}} days.' },
    { role: 'user', content: 'Hi' },
  ],
  variables: { city: { type: 'string', maxChars: 80 }, n: { type: 'integer', default: 3 } },
  description: 'For travellers',
}

/** All that a put would list. */
function faults(input: unknown, name = 'travel') {
  const parsed = templateSchema.safeParse(input)
  return [...(parsed.success ? [] : faultsOf(parsed.error)), ...templateFaults(input, name)]
}

describe('a template', () => {
  it('that is good is taken as it was written', () => {
    expect(faults(GOOD)).toEqual([])
    expect(templateSchema.parse(GOOD)).toEqual(GOOD)
  })

  it.each<[string, unknown, string]>([
    ['a placeholder without a variable', { messages: [{ role: 'user', content: '{{town}}' }] }, '/messages/0/content'],
    [
      'a variable without a placeholder',
      { ...GOOD, variables: { ...GOOD.variables, x: { type: 'json' } } },
      '/variables/x',
    ],
    [
      'a variable of a bad name',
      { messages: [{ role: 'user', content: '{{a-b}}' }], variables: { 'a-b': { type: 'json' } } },
      '/variables/a-b',
    ],
    [
      'a default of the wrong type',
      { messages: [{ role: 'user', content: '{{n}}' }], variables: { n: { type: 'integer', default: '3' } } },
      '/variables/n/default',
    ],
    [
      'a default that is too long',
      {
        messages: [{ role: 'user', content: '{{n}}' }],
        variables: { n: { type: 'string', default: '333', maxChars: 2 } },
      },
      '/variables/n/default',
    ],
    [
      'a conversation that its user does not begin',
      {
        messages: [
          { role: 'system', content: 'x' },
          { role: 'assistant', content: 'x' },
        ],
      },
      '/messages/1/role',
    ],
    ['no messages', { messages: [] }, '/messages'],
    ['an unknown role', { messages: [{ role: 'tool', content: 'x' }] }, '/messages/0/role'],
    ['an empty message', { messages: [{ role: 'user', content: '' }] }, '/messages/0/content'],
    ['an unknown field', { ...GOOD, roles: [] }, '/roles'],
    [
      'an unknown type',
      { messages: [{ role: 'user', content: '{{n}}' }], variables: { n: { type: 'date' } } },
      '/variables/n/type',
    ],
  ])('with %s', (_, input, path) => expect(faults(input).map((fault) => fault.path)).toEqual([path]))

  it('with several faults lists all, the name’s too', () => {
    const input = {
      messages: [{ role: 'assistant', content: '{{a}} {{b}}' }],
      variables: { b: { type: 'boolean', default: 1 }, c: { type: 'json' } },
      extra: 1,
    }
    expect(faults(input, 'no name').map(({ path }) => path)).toEqual([
      ...['/extra', '/name', '/messages/0/content', '/variables/b/default', '/variables/c', '/messages/0/role'],
    ])
  })

  it('is bounded', () => {
    const long = { messages: [{ role: 'user', content: 'x'.repeat(TEMPLATE_CHARS_MAX) }] }
    expect(faults(long)).toMatchObject([{ path: '', message: expect.stringContaining(`${TEMPLATE_CHARS_MAX}`) }])
    const names = Array.from({ length: TEMPLATE_VARIABLES_MAX + 1 }, (_, index) => `v${index}`)
    const many = {
      messages: [{ role: 'user', content: names.map((name) => `{{${name}}}`).join('') }],
      variables: Object.fromEntries(names.map((name) => [name, { type: 'json' }])),
    }
    expect(faults(many).map(({ path }) => path)).toEqual(['/variables'])
  })

  it('of any JSON has faults, and is never taken for an accident', () => {
    for (const input of [
      null,
      1,
      'x',
      [],
      { messages: 'x', variables: [] },
      { messages: [null], variables: { a: null } },
    ])
      expect(faults(input).length).toBeGreaterThan(0)
  })
})

it('names stand in a header before @', () => {
  for (const name of ['travel', 'pmpt_1', 'A.b-2', '0'.repeat(64)])
    expect(templateNameSchema.safeParse(name).success).toBe(true)
  for (const name of ['', '-x', 'a@1', 'a b', 'ä', '0'.repeat(65)])
    expect(templateNameSchema.safeParse(name).success).toBe(false)
})

it('a profile has attributes and tags, both if it has nothing', () => {
  expect(profileSchema.parse({})).toEqual({ attributes: {}, tags: [] })
  const profile = { attributes: { plan: 'pro', seats: 3, on: true, none: null, more: { a: [1] } }, tags: ['vip'] }
  expect(profileSchema.parse(profile)).toEqual(profile)
  for (const bad of [{ name: 'x' }, { tags: [1] }, { attributes: [] }, { attributes: { '': 1 } }])
    expect(profileSchema.safeParse(bad).success).toBe(false)
})
