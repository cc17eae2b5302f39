/** Parts of a user message: text, images, audio, files. */
import { expect, it } from 'vitest'
import { plainText, userParts } from '../../../src/providers/ai-sdk/content.ts'

const https = { 'image/*': [/^https:/] }

function parts(content: unknown, supported: Record<string, RegExp[]> = https) {
  const dropped: string[] = []
  return { parts: userParts(content, 'content', supported, (param) => dropped.push(param)), dropped }
}
const image = (url: string, more: object = {}) => [{ type: 'image_url', image_url: { url, ...more } }]

it('takes text as a string or as parts, without the empty ones', () => {
  expect(parts('Hi').parts).toEqual([{ type: 'text', text: 'Hi' }])
  expect(
    parts([
      { type: 'text', text: '' },
      { type: 'text', text: 'Yo' },
    ]).parts,
  ).toEqual([{ type: 'text', text: 'Yo' }])
})

it.each([
  ['data:image/png;base64,iVBORw0=', 'image/png', 'iVBORw0='],
  ['data:image/PNG;charset=x;base64,AA==', 'image/png', 'AA=='],
  ['data:;base64,AA==', 'image/*', 'AA=='],
])('reads %s', (url, mediaType, data) => {
  expect(parts(image(url)).parts).toEqual([{ type: 'file', mediaType, data: { type: 'data', data } }])
})

it.each([
  ['https://x.test/a.PNG?size=2', 'image/png'],
  ['https://x.test/a.webp', 'image/webp'],
  ['https://x.test/photo', 'image/jpeg'],
])('leaves %s to the provider, as %s', (url, mediaType) => {
  expect(parts(image(url)).parts).toEqual([{ type: 'file', mediaType, data: { type: 'url', url: new URL(url) } }])
})

it('fetches nothing on a caller’s word: what the provider does not fetch is refused', () => {
  const refused = expect.objectContaining({ param: 'content[0].image_url.url' })
  expect(() => parts(image('https://x.test/a.png'), {})).toThrow(refused)
  expect(() => parts(image('http://169.254.169.254/a.png'))).toThrow(refused)
  expect(() => parts(image('no url'))).toThrow(refused)
  expect(() => parts(image('data:image/svg+xml,<svg/>'))).toThrow(refused)
  expect(() => parts(image('https://x.test/a.gif'), { 'image/png': [/^https:/] })).toThrow(refused)
})

it('says that the detail of an image is dropped, unless it is the default', () => {
  expect(parts(image('https://x.test/a.png', { detail: 'high' })).dropped).toEqual(['image_url.detail'])
  expect(parts(image('https://x.test/a.png', { detail: 'auto' })).dropped).toEqual([])
})

it('takes audio and inline files', () => {
  const content = [
    { type: 'input_audio', input_audio: { data: 'UklG', format: 'wav' } },
    { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBE', filename: 'a.pdf' } },
  ]
  expect(parts(content).parts).toEqual([
    { type: 'file', mediaType: 'audio/wav', data: { type: 'data', data: 'UklG' } },
    { type: 'file', mediaType: 'application/pdf', data: { type: 'data', data: 'JVBE' }, filename: 'a.pdf' },
  ])
})

it.each([
  ['content[0].file.file_id', { type: 'file', file: { file_id: 'file-1' } }],
  ['content[0].input_audio', { type: 'input_audio', input_audio: { data: 'x', format: 'flac' } }],
  ['content[0].type', { type: 'video_url' }],
  ['content[0]', 'text'],
])('refuses, naming %s', (param, part) => {
  expect(() => parts([part])).toThrow(expect.objectContaining({ param }))
})

it('joins text of strings, parts and refusals', () => {
  expect(plainText('a')).toBe('a')
  expect(plainText([{ type: 'text', text: 'a' }, { type: 'refusal', refusal: 'b' }, 3])).toBe('ab')
  expect(plainText(null)).toBe('')
})
