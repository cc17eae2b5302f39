/** Fingerprints: whose, for whom, with what, and never two that run into each other. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ConfigDocument, configSchema } from '../../src/core/config.ts'
import { compileModels } from '../../src/core/snapshot.ts'
import { answerers, fingerprintText, scopeText } from '../../src/recall/fingerprint.ts'

type ModelDocument = NonNullable<ConfigDocument['models']>[string]

function modelOf(more: Partial<ModelDocument> = {}, alias = 'chat') {
  const targets = [
    { provider: 'a', model: 'one' },
    { provider: 'b', model: 'two' },
  ]
  const provider = { protocol: 'openai', baseUrl: 'https://a.example/v1' }
  const config = configSchema.parse({
    providers: { a: provider, b: provider },
    models: { [alias]: { targets, cache: { exact: true }, ...more } },
  })
  const model = compileModels(config).get(alias)
  if (model === undefined) throw new Error('no such model')
  return model
}

const MESSAGES = [{ role: 'user', content: 'hi' }]
const request = (more: object = {}, user?: string) => ({
  operation: 'chat' as const,
  body: { model: 'chat', messages: MESSAGES, ...more },
  user,
})
const caller = (tenantId = 't', keyId = 'k', generation = 'g') => ({ tenantId, generation, key: { id: keyId } })
const sharing = (word: 'tenant' | 'key' | 'user') => modelOf({ cache: { exact: true, sharing: word } })

describe('fingerprintText', () => {
  it('is the whole of what makes an answer the right one', () => {
    expect(fingerprintText(request({ temperature: 0, user: 'u' }), modelOf(), caller())).toBe(
      '["exact","t.g","chat",["a/one"],"chat","tenant",null,null]\n' +
        '{"messages":[{"content":"hi","role":"user"}],"model":"chat","temperature":0}',
    )
  })

  it('is one for all protocols that ask the same, and apart where one asks for more than the canonical form says', () => {
    const native = (more: object = {}) => ({
      ...request(),
      native: {
        form: 'messages' as const,
        body: { model: 'chat', messages: MESSAGES, ...more },
        headers: {},
        dropped: [],
      },
    })
    const plain = fingerprintText(request(), modelOf(), caller())
    expect(fingerprintText(native(), modelOf(), caller())).toBe(plain)
    const thinking = fingerprintText(native({ thinking: { type: 'adaptive' } }), modelOf(), caller())
    expect(thinking.split('\n')).toHaveLength(3)
    expect(thinking.startsWith(`${plain}\n`)).toBe(true)
    const scopes = [native(), native({ thinking: { type: 'adaptive' } })].map((one) =>
      scopeText(one, modelOf(), caller()),
    )
    expect(scopes[1]?.startsWith(`${scopes[0]}\n`)).toBe(true)
  })

  it('differs by tenant, by its generation, alias, operation, answerers, version of knowledge and body', () => {
    const texts = [
      fingerprintText(request(), modelOf(), caller()),
      fingerprintText(request(), modelOf(), caller('u')),
      fingerprintText(request(), modelOf(), caller('t', 'k', 'h')),
      fingerprintText(request(), modelOf({}, 'other'), caller()),
      fingerprintText({ ...request(), operation: 'completions' }, modelOf(), caller()),
      fingerprintText(request(), modelOf({ targets: [{ provider: 'b', model: 'two' }] }), caller()),
      fingerprintText(request(), modelOf({ cache: { exact: true, standIn: true } }), caller()),
      fingerprintText(request(), modelOf({ cache: { exact: true, knowledgeVersion: '2' } }), caller()),
      fingerprintText(request({ seed: 1 }), modelOf(), caller()),
      scopeText(request(), modelOf(), caller()),
    ]
    expect(new Set(texts).size).toBe(texts.length)
  })

  it('is shared by a tenant’s keys and users, by one key’s users, or by nobody', () => {
    const of = (word: 'tenant' | 'key' | 'user', keyId: string, user?: string) =>
      fingerprintText(request({}, user), sharing(word), caller('t', keyId))
    expect(of('tenant', 'k', 'u')).toBe(of('tenant', 'l', 'v'))
    expect(of('key', 'k', 'u')).toBe(of('key', 'k', 'v'))
    expect(of('key', 'k', 'u')).not.toBe(of('key', 'l', 'u'))
    expect(of('user', 'k', 'u')).toBe(of('user', 'l', 'u'))
    expect(of('user', 'k', 'u')).not.toBe(of('user', 'k', 'v'))
    expect(of('user', 'k', 'x')).not.toBe(of('key', 'x', 'u'))
  })

  it('has parts that cannot run into each other', () => {
    const id = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '[', '\\', '.'), maxLength: 5 })
    const asked = fc.record({ user: id, alias: fc.constantFrom('a', 'a","b', '["a"'), content: id })
    const textOf = ({ user, alias, content }: { user: string; alias: string; content: string }) =>
      fingerprintText(
        { ...request({ messages: [{ role: 'user', content }] }), user },
        modelOf({ cache: { exact: true, sharing: 'user' } }, alias),
        caller(),
      )
    fc.assert(
      fc.property(asked, asked, (one, other) => {
        expect(textOf(one) === textOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other))
      }),
    )
  })
})

describe('scopeText', () => {
  it('is the fingerprint but for the question', () => {
    const of = (content: string, more: object = {}) =>
      scopeText(request({ messages: [{ role: 'user', content }], ...more }), modelOf(), caller())
    expect(of('a')).toBe(of('b'))
    expect(of('a')).not.toBe(of('a', { tools: [{ type: 'function' }] }))
    expect(of('a')).not.toBe(scopeText(request(), modelOf(), caller('u')))
  })
})

describe('answerers', () => {
  it.each<[string, Partial<ModelDocument>, string[]]>([
    ['the first, where others stand in', {}, ['a/one']],
    ['all, where they may', { cache: { standIn: true } }, ['a/one', 'b/two']],
    ['all, where they share the work', { strategy: 'weighted' }, ['a/one', 'b/two']],
    ['the first without a cache', { cache: undefined }, ['a/one']],
  ])('are %s', (_, more, expected) => {
    expect(answerers(modelOf(more))).toEqual(expected)
  })
})
