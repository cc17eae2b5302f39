/** The field `model` of a form: found wherever it is and however its bytes come, and only where it is the only one. */
import { describe, expect, it } from 'vitest'
import { REQUEST_BODY_BYTES_MAX } from '../../src/core/limits.ts'
import {
  boundaryOf,
  type FoundModel,
  formType,
  ModelFinder,
  SecondModel,
  UnreadableForm,
} from '../../src/edge/form-model.ts'

/** Every character is one byte, so that places in the text are places in the bytes. */
const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))
const textOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
const BOUNDARY = 'b-1'
const field = (name: string, value: string): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const FILE = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="model"\r\nContent-Type: audio/wav\r\n\r\n\r\n\r\n--b\r\n\x00ä\r\n`
const END = `--${BOUNDARY}--\r\n`

/** The field, from pieces of so many bytes; what comes after it is not looked at. */
function find(text: string, pieceBytes = text.length): FoundModel | null {
  const finder = new ModelFinder(BOUNDARY)
  const bytes = bytesOf(text)
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const found = finder.push(bytes.slice(at, at + pieceBytes))
    if (found !== null) return found
  }
  return null
}

describe('the boundary', () => {
  it.each([
    ['multipart/form-data; boundary=b-1', 'b-1', 'multipart/form-data; boundary=b-1'],
    ['Multipart/Form-Data ; Boundary="a b:c" ; charset=utf-8', 'a b:c', 'multipart/form-data; boundary="a b:c"'],
    ['multipart/form-data; xboundary=one; boundary=two', 'one', 'multipart/form-data; boundary=one'],
  ])('of %s', (type, boundary, sent) => {
    expect(boundaryOf(type)).toBe(boundary)
    expect(formType(boundary)).toBe(sent)
  })

  it.each([
    null,
    'multipart/form-data',
    'multipart/mixed; boundary=b',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary="a\u00e4"',
    `multipart/form-data; boundary=${'b'.repeat(71)}`,
  ])('is none in %s', (type) => {
    expect(boundaryOf(type)).toBeNull()
  })
})

describe('the model', () => {
  it.each([
    ['first', field('model', 'alias') + FILE + END],
    ['last', FILE + field('language', 'alias') + field('model', 'alias') + END],
    ['between', field('a', '') + FILE + field('model', 'alias') + FILE + END],
    ['empty', field('model', '') + END],
  ])('is found where it is %s, whatever the pieces', (what, text) => {
    const model = what === 'empty' ? '' : 'alias'
    for (let pieceBytes = 1; pieceBytes <= text.length; pieceBytes += 1) {
      const found = find(text, pieceBytes)
      if (found === null) throw new Error(`not found in pieces of ${pieceBytes}`)
      expect(found).toMatchObject({ model, valueBytes: model.length, isTwice: false })
      const start = text.indexOf(field('model', model)) + field('model', '').length - 2
      expect(textOf(found.before)).toBe(text.slice(0, start))
      expect(text.slice(start + model.length)).toContain(textOf(found.behind))
      expect(textOf(found.behind)).toMatch(/^\r\n--b-1/)
    }
  })

  it('is not there', () => {
    expect(find(FILE + field('models', 'a') + END)).toBeNull()
  })

  it.each([
    ['what is no form', 'model=alias'],
    ['one that goes on behind its end', END + END],
    ['a value that is no text', field('model', 'x')],
    ['an endless header', `--${BOUNDARY}\r\n${'a: b\r\n'.repeat(5000)}`],
  ])('is not looked for in %s', (what, text) => {
    const finder = new ModelFinder(BOUNDARY)
    const bytes = bytesOf(text + END)
    if (what === 'a value that is no text') bytes[bytes.indexOf(120)] = 0xff
    expect(() => {
      finder.push(bytes)
      finder.push(bytes)
    }).toThrow(UnreadableForm)
  })

  it('takes a header that is no text for that of a file', () => {
    const bytes = bytesOf(FILE.replace('filename="model"', 'filename="?"') + field('model', 'alias') + END)
    bytes[bytes.indexOf(63)] = 0xff
    expect(new ModelFinder(BOUNDARY).push(bytes)).toMatchObject({ model: 'alias' })
  })

  it('is found behind a file as large as a body may be', () => {
    const file = FILE.replace('\x00', 'x'.repeat(REQUEST_BODY_BYTES_MAX - 1000))
    expect(find(file + field('model', 'alias') + END, 65_536)?.model).toBe('alias')
  })
})

describe('a second one', () => {
  const headers = [
    'Content-Disposition: form-data; name="model"',
    'content-disposition:form-data;name=model',
    'Content-Disposition: form-data; name="mo\\del"; filename="a"',
    "Content-Disposition: form-data; name*=utf-8''model",
    'Content-Disposition: form-data;\r\n NAME = model ; a=b',
    'X: y\r\nContent-Disposition: form-data; name="model"; name="x"',
  ]
  const parts = [
    ...headers.map((header) => `\r\n--${BOUNDARY}\r\n${header}\r\n\r\nother`),
    `\n--${BOUNDARY}\nContent-Disposition: form-data; name="model"\n\nother`,
    `\r\n--${BOUNDARY}\r\nA: ${'x'.repeat(9000)}`,
  ]

  it.each(parts)('is seen in %j, before its value is there', (part) => {
    for (let pieceBytes = 1; pieceBytes <= part.length; pieceBytes += part.length > 1000 ? 997 : 1) {
      const second = new SecondModel(BOUNDARY)
      const bytes = bytesOf(`some of a file${part}`)
      let seen = false
      let at = 0
      for (; at < bytes.length && !seen; at += pieceBytes) seen = second.isIn(bytes.slice(at, at + pieceBytes))
      expect(seen).toBe(true)
    }
  })

  it.each([
    `${FILE}${field('language', 'en')}${field('model_options', 'x')}${END}epilogue`,
    `x; name="model"\r\n--b-${field('a', 'name="model"')}${END}`,
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="x"; filename="a; name=x"\r\n\r\n${END}`,
  ])('is not in %j', (text) => {
    for (let pieceBytes = 1; pieceBytes <= text.length; pieceBytes += 1) {
      const second = new SecondModel(BOUNDARY)
      const bytes = bytesOf(text)
      for (let at = 0; at < bytes.length; at += pieceBytes)
        expect(second.isIn(bytes.slice(at, at + pieceBytes))).toBe(false)
    }
  })

  it('is told where it has come with the first', () => {
    expect(find(field('model', 'a') + field('model', 'b') + END)?.isTwice).toBe(true)
    expect(find(field('a"; name="model"; name="x', 'b') + field('model', 'a') + END)?.isTwice).toBe(true)
  })
})
