/** Prompts as blocks: the same beginnings are the same, and nothing else is. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { promptBlocks } from '../../../src/core/pool/blocks.ts'
import { POOL_BLOCK_CHARS, POOL_PROMPT_BLOCKS_MAX } from '../../../src/core/pool/limits.ts'

const said = (text: string, role = 'user') => ({ role, content: text })
const ofText = (text: string, seed = 'acme chat') => promptBlocks({ messages: [said(text)] }, seed).blocks
const LONG = 'What a long system prompt this is. '.repeat(100)

describe('blocks of a prompt', () => {
  it('of a longer conversation begin with those of a shorter one', () => {
    const turn = fc.record({
      role: fc.constantFrom('user', 'assistant', 'tool'),
      content: fc.string({ maxLength: 900 }),
    })
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 12 }), fc.nat({ max: 12 }), (messages, cut) => {
        const tools = [{ type: 'function', function: { name: 'look' } }]
        const longer = promptBlocks({ tools, messages }, 'seed').blocks
        const shorter = promptBlocks({ tools, messages: messages.slice(0, cut) }, 'seed').blocks
        expect([...longer.slice(0, shorter.length)]).toEqual([...shorter])
      }),
      { numRuns: 200 },
    )
  })

  it('differ from where the prompts differ on, to the end', () => {
    fc.assert(
      fc.property(fc.nat({ max: LONG.length - 1 }), (at) => {
        const [one, other] = [ofText(LONG), ofText(`${LONG.slice(0, at)}#${LONG.slice(at + 1)}`)]
        const first = one.findIndex((hash, index) => hash !== other[index])
        // A role and its marks come before the text.
        expect(first === -1 ? one.length : first).toBe(Math.min(one.length, Math.floor((at + 6) / POOL_BLOCK_CHARS)))
        expect([...one].filter((hash) => other.includes(hash))).toHaveLength(first === -1 ? one.length : first)
      }),
      { numRuns: 100 },
    )
  })

  it('share nothing between seeds', () => {
    const [one, other] = [ofText(LONG), ofText(LONG, 'beta chat')]
    expect([...one].some((hash) => other.includes(hash))).toBe(false)
  })

  it('are whole ones only, as many as are bounded, and whole numbers that a Float64Array holds', () => {
    const { blocks, chars } = promptBlocks({ messages: [said(LONG)] }, 'seed')
    expect(blocks).toHaveLength(Math.floor(chars / POOL_BLOCK_CHARS))
    expect([...blocks].every((hash) => Number.isSafeInteger(hash) && hash > 0)).toBe(true)
    expect(promptBlocks({ messages: [said('short')] }, 'seed').blocks).toHaveLength(0)
    const huge = promptBlocks({ messages: [said('x'.repeat(3_000_000))] }, 'seed')
    expect(huge.blocks).toHaveLength(POOL_PROMPT_BLOCKS_MAX)
    expect(huge.chars).toBeGreaterThan(3_000_000)
  })

  it.each([
    ['tools', { tools: [{ name: LONG }], messages: [said('hi')] }],
    ['the system prompt', { system: LONG, messages: [said('hi')] }],
    ['parts of a message', { messages: [{ role: 'user', content: [{ type: 'text', text: LONG }] }] }],
    ['a file in one', { messages: [{ role: 'user', content: [{ type: 'file', data: LONG }] }] }],
    ['calls of tools', { messages: [{ role: 'assistant', content: null, tool_calls: [{ arguments: LONG }] }] }],
    ['a completion’s prompt', { prompt: LONG }],
    ['prompts of tokens', { prompt: Array.from({ length: 2000 }, (_, index) => index) }],
    ['what is no message', { messages: [LONG] }],
  ])('are made of %s, too', (_, body) => {
    expect(promptBlocks(body, 'seed').blocks.length).toBeGreaterThan(2)
  })

  it('tell a role from the text of another message', () => {
    const one = promptBlocks({ messages: [said('a'), said(LONG)] }, 'seed').blocks
    const other = promptBlocks({ messages: [said('a'), said(LONG, 'assistant')] }, 'seed').blocks
    expect(one[0]).not.toBe(other[0])
  })
})
