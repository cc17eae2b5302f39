/** Blocks as content parts: what may be read elsewhere, and a plain word where it may not. */
import { describe, expect, it } from 'vitest'
import { cacheOf, partsOf, simplest, textPart } from '../../../src/edge/messages/decode-parts.ts'

const cache_control = { type: 'ephemeral' }
const text = (said: string, more: object = {}) => ({ type: 'text', text: said, ...more })
const pdf = { type: 'base64', media_type: 'application/pdf', data: 'JVBE' }
const document = (source: unknown, more: object = {}) => ({ type: 'document', source, ...more })
const file = (filename: string) => ({ type: 'file', file: { filename, file_data: 'data:application/pdf;base64,JVBE' } })
const image = (url: string) => ({ type: 'image_url', image_url: { url } })
const PNG = { type: 'base64', media_type: 'image/png', data: 'iVBO' }

function read(block: unknown) {
  const dropped: string[] = []
  return { parts: partsOf(block, 'at', (name) => dropped.push(name)), dropped }
}

describe('partsOf', () => {
  it.each<[string, unknown, object[]]>([
    ['text', text('a', { cache_control }), [text('a', { cache_control })]],
    [
      'an image',
      { type: 'image', source: PNG, cache_control },
      [{ ...image('data:image/png;base64,iVBO'), cache_control }],
    ],
    [
      'an image elsewhere',
      { type: 'image', source: { type: 'url', url: 'https://x.test/a' } },
      [image('https://x.test/a')],
    ],
    ['a PDF', document(pdf, { title: 'a.pdf', cache_control }), [{ ...file('a.pdf'), cache_control }]],
    ['a PDF without a title', document(pdf), [file('document.pdf')]],
    ['a PDF with a context', document(pdf, { context: 'c' }), [text('c'), file('document.pdf')]],
    ['a text', document({ type: 'text', data: 'd' }), [text('d')]],
    [
      'a text with more',
      document({ type: 'text', data: 'd' }, { title: 't', context: 'c', cache_control }),
      [text('t\n\nc\n\nd', { cache_control })],
    ],
    ['content as a string', document({ type: 'content', content: 'd' }, { title: 't' }), [text('t'), text('d')]],
    [
      'content as blocks',
      document({ type: 'content', content: [text('d'), { type: 'image', source: PNG }] }, { cache_control }),
      [text('d'), { ...image('data:image/png;base64,iVBO'), cache_control }],
    ],
    [
      'a search result',
      { type: 'search_result', title: 't', source: 'https://x.test', content: [text('a'), text('b')] },
      [text('t\n\nhttps://x.test\n\na\n\nb')],
    ],
  ])('%s', (_, block, parts) => {
    expect(read(block)).toEqual({ parts, dropped: [] })
  })

  it.each([
    ['citations', text('a', { citations: [{}] })],
    ['citations', document(pdf, { citations: { enabled: true } })],
    ['citations', { type: 'search_result', title: 't', content: [], citations: { enabled: true } }],
    ['image.transformations', { type: 'image', source: PNG, transformations: { oversized_image: 'error' } }],
  ])('names %s as left out', (name, block) => {
    expect(read(block).dropped).toEqual([name])
  })

  it.each([
    ['at.source', { type: 'image', source: { type: 'file', file_id: 'f' } }, /one provider/],
    ['at.source', document({ type: 'file', file_id: 'f' }), /one provider/],
    ['at.source', document({ type: 'url', url: 'https://x.test/a.pdf' }), /not fetched/],
    ['at.source.content[0].type', document({ type: 'content', content: [{ type: 'audio' }] }), /Anthropic alone/],
    ['at.type', { type: 'container_upload', file_id: 'f' }, /Anthropic alone/],
    ['at.type', null, /Anthropic alone/],
  ])('refuses at %s', (param, block, message) => {
    expect(() => read(block)).toThrow(expect.objectContaining({ param, message: expect.stringMatching(message) }))
  })
})

it('simplest: a lone plain text is a string', () => {
  expect(simplest([text('a')])).toBe('a')
  const others = [[], [text('a'), text('b')], [text('a', { cache_control })], [file('x')]]
  for (const parts of others) expect(simplest(parts)).toBe(parts)
})

it('textPart and cacheOf keep a breakpoint, and no null', () => {
  expect(cacheOf({ cache_control })).toEqual({ cache_control })
  expect(cacheOf({ cache_control: null })).toEqual({})
  expect(textPart({ text: 1, citations: null }, () => expect.unreachable())).toEqual(text(''))
})
