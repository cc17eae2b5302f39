/** Content parts of Responses messages → parts of chat messages. No I/O. */
import { isObject } from '../../core/loose.ts'
import { stringAt, UndecodableError } from './fault.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * Content of a message or a tool's output. One text alone becomes a string: it says the same, and there are servers
 * whose templates take nothing else. `at` is its path in the request.
 */
export function contentOf(content: unknown, at: string): string | readonly Json[] {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) throw new UndecodableError(at, `'${at}' must be a string or an array of content parts.`)
  const parts = content.map((part, index) => partOf(part, `${at}[${index}]`))
  const [first] = parts
  return parts.length === 1 && typeof first?.text === 'string' && first.prompt_cache_breakpoint === undefined
    ? first.text
    : parts
}

/** The same where only text may stand; `why` says so to whoever sent something else. */
export function textContentOf(content: unknown, at: string, why: string): string | readonly Json[] {
  const parts = contentOf(content, at)
  const other = typeof parts === 'string' ? -1 : parts.findIndex(({ type }) => type !== 'text')
  if (other !== -1) throw new UndecodableError(`${at}[${other}].type`, why)
  return parts
}

/** What an assistant said: text and refusal, each joined, as OpenAI's own clients do it. */
export function spokenOf(content: unknown, at: string): { readonly text: string; readonly refusal: string } {
  if (typeof content === 'string') return { text: content, refusal: '' }
  if (!Array.isArray(content)) throw new UndecodableError(at, `'${at}' must be a string or an array of content parts.`)
  let text = ''
  let refusal = ''
  for (const [index, part] of content.entries()) {
    const type = isObject(part) ? part.type : undefined
    if (type === 'refusal') refusal += plain(part.refusal, `${at}[${index}].refusal`)
    else if (type === 'output_text' || type === 'input_text') text += plain(part.text, `${at}[${index}].text`)
    else
      throw new UndecodableError(`${at}[${index}].type`, 'An assistant message has parts of output_text and refusal.')
  }
  return { text, refusal }
}

function partOf(part: unknown, at: string): Json {
  if (!isObject(part)) throw new UndecodableError(at, 'A content part must be an object.')
  // Chat has it by the same name.
  const breakpoint =
    part.prompt_cache_breakpoint == null ? {} : { prompt_cache_breakpoint: part.prompt_cache_breakpoint }
  switch (part.type) {
    case 'input_text':
    case 'output_text':
      return { type: 'text', text: plain(part.text, `${at}.text`), ...breakpoint }
    case 'input_image':
      return { type: 'image_url', image_url: imageOf(part, at), ...breakpoint }
    case 'input_file':
      return { type: 'file', file: fileOf(part, at), ...breakpoint }
    case 'input_audio':
      return { type: 'input_audio', input_audio: part.input_audio, ...breakpoint }
    default:
      throw new UndecodableError(
        `${at}.type`,
        'A content part must be input_text, input_image, input_file or input_audio.',
      )
  }
}

function imageOf({ image_url: url, detail, file_id: fileId }: Json, at: string): Json {
  if (fileId != null)
    throw new UndecodableError(
      `${at}.file_id`,
      'Files are not kept here. Send the image as image_url: its https: URL, or a base64 data: URL.',
    )
  return { url: stringAt(url, `${at}.image_url`), ...(detail == null ? {} : { detail }) }
}

function fileOf({ file_data: data, filename, file_id: fileId, file_url: url }: Json, at: string): Json {
  for (const [name, value] of [
    ['file_id', fileId],
    ['file_url', url],
  ] as const)
    if (value != null)
      throw new UndecodableError(
        `${at}.${name}`,
        `Files are not kept or fetched here. Send this one inline: file_data with a base64 data: URL, and filename.`,
      )
  return { ...(filename == null ? {} : { filename }), file_data: stringAt(data, `${at}.file_data`) }
}

function plain(value: unknown, at: string): string {
  if (typeof value === 'string') return value
  throw new UndecodableError(at, `'${at}' must be a string.`)
}
