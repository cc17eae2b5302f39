/** A user message's parts: text, images, audio and files, as AI SDK prompt parts. No I/O. */
import type { LanguageModelV4FilePart, LanguageModelV4TextPart } from '@ai-sdk/provider'
import { cacheOptions } from './bound.ts'
import { isObject, type Json, listOf, stringOf } from './json.ts'
import { UnsayableError } from './refusal.ts'

export type UserPart = LanguageModelV4TextPart | LanguageModelV4FilePart

/** Which URLs a model fetches by itself, by media type pattern. */
export type SupportedUrls = Readonly<Record<string, readonly RegExp[]>>

const DATA_URL = /^data:([^;,]*)((?:;[^;,]*)*?)(;base64)?,/
const AUDIO_TYPES: Readonly<Record<string, string>> = { wav: 'audio/wav', mp3: 'audio/mpeg' }
const IMAGE_TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  gif: 'image/gif',
  webp: 'image/webp',
  heic: 'image/heic',
  heif: 'image/heif',
  bmp: 'image/bmp',
  avif: 'image/avif',
}

/** `content` of a user message. `at` is its path in the request, for faults; `drop` is told what is left out. */
export function userParts(
  content: unknown,
  at: string,
  supported: SupportedUrls,
  drop: (param: string) => void,
): UserPart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return listOf(content).flatMap((part, index) => {
    const path = `${at}[${index}]`
    if (!isObject(part)) throw new UnsayableError(path, 'A content part must be an object.')
    const marked = cacheOptions(part)
    switch (part.type) {
      case 'text':
        return textPart(part).map((one) => ({ ...one, ...marked }))
      case 'image_url':
        return [{ ...imagePart(part.image_url, `${path}.image_url`, supported, drop), ...marked }]
      case 'input_audio':
        return [audioPart(part.input_audio, `${path}.input_audio`)]
      case 'file':
        return [{ ...filePart(part.file, `${path}.file`), ...marked }]
      default:
        throw new UnsayableError(`${path}.type`, 'This model takes no content part of this type.')
    }
  })
}

/** Text of a string or of its text parts (and refusals), as instructions and tool results have it. */
export function plainText(content: unknown): string {
  if (typeof content === 'string') return content
  return listOf(content)
    .map((part) => (isObject(part) ? (stringOf(part.text) ?? stringOf(part.refusal) ?? '') : ''))
    .join('')
}

/** Providers refuse empty text blocks; OpenAI takes them. */
function textPart(part: Json): UserPart[] {
  const text = stringOf(part.text) ?? ''
  return text === '' ? [] : [{ type: 'text', text }]
}

function imagePart(image: unknown, at: string, supported: SupportedUrls, drop: (param: string) => void): UserPart {
  const url = isObject(image) ? stringOf(image.url) : stringOf(image)
  if (url === undefined) throw new UnsayableError(`${at}.url`, 'An image needs a url.')
  if (isObject(image) && image.detail != null && image.detail !== 'auto') drop('image_url.detail')
  if (url.startsWith('data:')) return inlinePart(url, `${at}.url`, 'image/*')
  const mediaType = imageTypeOf(url)
  if (mediaType === undefined || !isFetched(url, mediaType, supported))
    throw new UnsayableError(`${at}.url`, 'This model does not fetch this URL. Send the image as a base64 data: URL.')
  return { type: 'file', mediaType, data: { type: 'url', url: new URL(url) } }
}

function audioPart(audio: unknown, at: string): UserPart {
  const data = isObject(audio) ? stringOf(audio.data) : undefined
  const mediaType = isObject(audio) ? AUDIO_TYPES[stringOf(audio.format) ?? ''] : undefined
  if (data === undefined || mediaType === undefined)
    throw new UnsayableError(at, 'Audio needs base64 data and the format wav or mp3.')
  return { type: 'file', mediaType, data: { type: 'data', data } }
}

function filePart(file: unknown, at: string): UserPart {
  const data = isObject(file) ? stringOf(file.file_data) : undefined
  if (data === undefined)
    throw new UnsayableError(`${at}.file_id`, 'Files live with one provider. Send this one inline, as file_data.')
  const part = inlinePart(data, `${at}.file_data`, 'application/pdf')
  const filename = isObject(file) ? stringOf(file.filename) : undefined
  return filename === undefined ? part : { ...part, filename }
}

function inlinePart(url: string, at: string, fallbackType: string): LanguageModelV4FilePart {
  const head = DATA_URL.exec(url)
  if (head?.[3] === undefined) throw new UnsayableError(at, 'Inline data must be a base64 data: URL.')
  const mediaType = head[1] === undefined || head[1] === '' ? fallbackType : head[1].toLowerCase()
  return { type: 'file', mediaType, data: { type: 'data', data: url.slice(head[0].length) } }
}

/** Some providers want the type said; a URL only hints at it. Undefined when it is no URL at all. */
function imageTypeOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const extension = new URL(url).pathname.toLowerCase().split('.').at(-1) ?? ''
  return IMAGE_TYPES[extension] ?? 'image/jpeg'
}

/** Only what the provider itself fetches may stay a URL: the gateway downloads nothing on a caller's word. */
function isFetched(url: string, mediaType: string, supported: SupportedUrls): boolean {
  const family = `${mediaType.split('/')[0]}/*`
  return Object.entries(supported).some(
    ([pattern, expressions]) =>
      (pattern === '*' || pattern === '*/*' || pattern === family || pattern === mediaType) &&
      expressions.some((expression) => expression.test(url)),
  )
}
