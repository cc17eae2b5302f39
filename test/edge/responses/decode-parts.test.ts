/** Content parts, each in chat's shape, or the reason why it has none. */
import { describe, expect, it } from 'vitest'
import { contentOf, spokenOf, textContentOf } from '../../../src/edge/responses/decode-parts.ts'

describe('contentOf', () => {
  it.each<[string, unknown, unknown]>([
    ['a string', 'x', 'x'],
    ['one text alone', [{ type: 'input_text', text: 'x' }], 'x'],
    ['no parts', [], []],
    [
      'several texts',
      [
        { type: 'input_text', text: 'x' },
        { type: 'output_text', text: 'y' },
      ],
      [
        { type: 'text', text: 'x' },
        { type: 'text', text: 'y' },
      ],
    ],
    [
      'a text where a cached prompt ends',
      [{ type: 'input_text', text: 'x', prompt_cache_breakpoint: { mode: 'explicit' } }],
      [{ type: 'text', text: 'x', prompt_cache_breakpoint: { mode: 'explicit' } }],
    ],
    [
      'an image',
      [{ type: 'input_image', image_url: 'https://x.test/a.png', detail: 'low', file_id: null }],
      [{ type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' } }],
    ],
    [
      'an image in no detail',
      [{ type: 'input_image', image_url: 'data:image/png;base64,AA' }],
      [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }],
    ],
    [
      'a file',
      [{ type: 'input_file', file_data: 'data:application/pdf;base64,AA', filename: 'a.pdf' }],
      [{ type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA' } }],
    ],
    [
      'audio',
      [{ type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }],
      [{ type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }],
    ],
  ])('takes %s', (_, content, expected) => expect(contentOf(content, 'c')).toEqual(expected))

  it.each<[string, unknown]>([
    ['c', null],
    ['c[0]', ['x']],
    ['c[0].type', [{ type: 'input_video' }]],
    ['c[0].text', [{ type: 'input_text' }]],
    ['c[0].image_url', [{ type: 'input_image' }]],
    ['c[0].file_id', [{ type: 'input_image', file_id: 'file_1' }]],
    ['c[0].file_id', [{ type: 'input_file', file_id: 'file_1' }]],
    [
      'c[1].file_url',
      [
        { type: 'input_text', text: '' },
        { type: 'input_file', file_url: 'https://x.test/a.pdf' },
      ],
    ],
    ['c[0].file_data', [{ type: 'input_file', filename: 'a.pdf' }]],
  ])('faults %s', (param, content) => expect(() => contentOf(content, 'c')).toThrow(expect.objectContaining({ param })))
})

describe('textContentOf', () => {
  it('takes text', () => expect(textContentOf([{ type: 'input_text', text: 'x' }], 'c', 'why')).toBe('x'))

  it('says why it takes nothing else', () =>
    expect(() => textContentOf([{ type: 'input_image', image_url: 'https://x.test' }], 'c', 'why')).toThrow(
      expect.objectContaining({ param: 'c[0].type', message: 'why' }),
    ))
})

describe('spokenOf', () => {
  it('joins texts, and refusals', () => {
    const parts = [
      { type: 'output_text', text: 'a' },
      { type: 'refusal', refusal: 'b' },
      { type: 'input_text', text: 'c' },
    ]
    expect(spokenOf(parts, 'c')).toEqual({ text: 'ac', refusal: 'b' })
    expect(spokenOf('a', 'c')).toEqual({ text: 'a', refusal: '' })
  })

  it.each<[string, unknown]>([
    ['c', undefined],
    ['c[0].type', ['x']],
    ['c[0].type', [{ type: 'input_image' }]],
    ['c[0].text', [{ type: 'output_text' }]],
    ['c[0].refusal', [{ type: 'refusal' }]],
  ])('faults %s', (param, content) => expect(() => spokenOf(content, 'c')).toThrow(expect.objectContaining({ param })))
})
