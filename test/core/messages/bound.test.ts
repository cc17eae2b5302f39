/** Thinking goes back to whom it came from, and to nobody else; what is left is a request that Anthropic takes. */
import { describe, expect, it } from 'vitest'
import { isOwnSignature, OWN_MARK, withoutForeign } from '../../../src/core/messages/bound.ts'

const text = (said: string) => ({ type: 'text', text: said })
const theirs = { type: 'thinking', thinking: 'hm', signature: 'EqQBCkg=' }
const ours = { type: 'thinking', thinking: 'hm', signature: `${OWN_MARK}e30` }
const unsigned = { type: 'thinking', thinking: 'hm', signature: '' }
const redacted = { type: 'redacted_thinking', data: 'x' }
const call = { type: 'tool_use', id: 'toolu_1', name: 't', input: {} }
const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'ok' }] }
const user = { role: 'user', content: 'hi' }
const assistant = (...content: object[]) => ({ role: 'assistant', content })
const THINKING = { type: 'enabled', budget_tokens: 1024 }

const freeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze)
  return value
}
const sent = (messages: object[], keepsOwn: boolean, more: object = {}) =>
  withoutForeign(freeze({ model: 'm', messages, ...more }), keepsOwn)

describe('isOwnSignature', () => {
  it.each([
    ['', true],
    [undefined, true],
    ['sluice:', true],
    ['sluice:abc', true],
    ['EqQBCkg=', false],
  ])('%j: %j', (signature, isOwn) => {
    expect(isOwnSignature(signature)).toBe(isOwn)
  })
})

describe('withoutForeign', () => {
  it('gives back the same body where nothing is taken out', () => {
    const body = { messages: [user, assistant(theirs, redacted, text('a')), user, { role: 'assistant', content: 'b' }] }
    expect(withoutForeign(body, true)).toEqual({ body, dropped: [] })
    expect(withoutForeign(body, true).body).toBe(body)
    const plain = { messages: [user, assistant(text('a'), call), result], thinking: THINKING }
    expect(withoutForeign(plain, false).body).toBe(plain)
    expect(withoutForeign({}, false)).toEqual({ body: {}, dropped: [] })
  })

  it('takes out our own, always', () => {
    const { body, dropped } = sent([user, assistant(ours, unsigned, theirs, redacted, text('a')), user], true)
    expect(body).toEqual({ model: 'm', messages: [user, assistant(theirs, redacted, text('a')), user] })
    expect(dropped).toEqual(['thinking.signature'])
  })

  it('takes out all of it for another provider', () => {
    const { body, dropped } = sent([user, assistant(theirs, redacted, text('a')), user], false, { thinking: THINKING })
    expect(body).toEqual({ model: 'm', messages: [user, assistant(text('a')), user], thinking: THINKING })
    expect(dropped).toEqual(['thinking.signature', 'redacted_thinking'])
  })

  it('drops a turn of which nothing is left', () => {
    expect(sent([user, assistant(ours), user], true).body.messages).toEqual([user, user])
    expect(sent([user, assistant(ours)], true).body.messages).toEqual([user])
  })

  it('a turn that goes on after results without its thinking does not think', () => {
    for (const block of [ours, unsigned]) {
      const { body, dropped } = sent([user, assistant(block, call), result], true, { thinking: THINKING })
      expect(body).toEqual({ model: 'm', messages: [user, assistant(call), result] })
      expect(dropped).toEqual(['thinking.signature', 'thinking'])
    }
    expect(sent([user, assistant(redacted, call), result], false, { thinking: THINKING }).dropped).toEqual([
      'redacted_thinking',
      'thinking',
    ])
  })

  it('so does one that goes on from its own words', () => {
    const { body } = sent([user, assistant(ours, text('a'))], true, { thinking: THINKING })
    expect(body).toEqual({ model: 'm', messages: [user, assistant(text('a'))] })
    const emptied = sent([user, assistant(ours)], true, { thinking: THINKING })
    expect(emptied.body).toEqual({ model: 'm', messages: [user], thinking: THINKING })
  })

  it('and then has no thinking left in it, nor the wish to clear it', () => {
    const turn = [user, assistant(theirs, call), result, assistant(ours, text('b'), call), result]
    const edits = [{ type: 'clear_thinking_20251015' }, { type: 'clear_tool_uses_20250919' }]
    const management = { edits, x: 1 }
    const { body, dropped } = sent(turn, true, { thinking: THINKING, context_management: management })
    expect(body).toEqual({
      model: 'm',
      messages: [user, assistant(call), result, assistant(text('b'), call), result],
      context_management: { edits: [edits[1]], x: 1 },
    })
    expect(dropped).toEqual(['thinking.signature', 'thinking', 'context_management'])
    const alone = { edits: [edits[0]] }
    expect(sent(turn, true, { thinking: THINKING, context_management: alone }).body.context_management).toBeUndefined()
    const other = { edits: [edits[1]] }
    expect(sent(turn, true, { thinking: THINKING, context_management: other }).body.context_management).toBe(other)
  })

  it.each([
    ['models that think as they see fit', [user, assistant(ours, call), result], { type: 'adaptive' }],
    ['a new turn', [user, assistant(ours, call), result, assistant(ours, text('a')), user], THINKING],
    ['a turn whose thinking is still there', [user, assistant(theirs, ours, call), result], THINKING],
    ['a turn that came without', [user, assistant(ours, text('a')), user, assistant(call), result], THINKING],
  ])('leaves thinking to %s', (_, messages, thinking) => {
    const { body, dropped } = sent(messages, true, { thinking })
    expect(body.thinking).toEqual(thinking)
    expect(dropped).toEqual(['thinking.signature'])
  })
})
