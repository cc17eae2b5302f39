/** Who may call which model: the globs. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matcher } from '../../src/core/tenant.ts'

describe('matcher', () => {
  it.each([
    [undefined, 'anything', true],
    [[], 'anything', false],
    [['*'], '', true],
    [['chat-large'], 'chat-large', true],
    [['chat-large'], 'chat-larger', false],
    [['chat-large'], 'Chat-Large', false],
    [['chat-*'], 'chat-', true],
    [['chat-*'], 'chat-a/b:c', true],
    [['chat-*'], 'a-chat-b', false],
    [['*-large'], 'chat-large', true],
    [['*-large'], 'chat-large-2', false],
    [['a*b*c'], 'a-b-b-c', true],
    [['a*b*c'], 'acb', false],
    [['ab*ba'], 'aba', false],
    [['a*bb*bb*c'], 'abbbc', false],
    [['a*bb*bb*c'], 'abbbbc', true],
    [['a**b'], 'ab', true],
    [['gpt-5.1'], 'gpt-5x1', false],
    [['[a]*', 'x'], '[a]b', true],
    [['a', 'b*'], 'bee', true],
    [['a*b'], 'a\nb', true],
  ])('%j lets %j through: %j', (globs, alias, expected) => {
    expect(matcher(globs)(alias)).toBe(expected)
  })

  it('agrees with a regular expression on short texts', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 8 })
    const alias = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 10 })
    fc.assert(
      fc.property(text, alias, (glob, name) => {
        const pattern = new RegExp(`^${glob.split('*').map(RegExp.escape).join('[^]*')}$`)
        return matcher([glob])(name) === pattern.test(name)
      }),
      { numRuns: 2000 },
    )
  })

  it('takes no time over a glob made to be slow', () => {
    const glob = `${'*a'.repeat(40)}*b`
    expect(matcher([glob])('a'.repeat(128))).toBe(false)
  })
})
