/** Finds the field `model` of a form while it comes in, and sees to it that there is but one. No I/O. */
import { getMultipartBoundary, MultipartParseError, MultipartParser } from '@remix-run/multipart-parser'
import { FORM_HEADER_BYTES_MAX, REQUEST_BODY_BYTES_MAX } from '../core/limits.ts'
import { joined } from '../lib/pieces.ts'
import { searchable } from '../lib/sse.ts'

/** The field, and all that had come when it was complete: before its value, and behind it. */
export interface FoundModel {
  readonly model: string
  readonly valueBytes: number
  readonly before: Uint8Array
  readonly behind: Uint8Array
  /** Is there another one already? */
  readonly isTwice: boolean
  /** Looks for another one in what is still to come. */
  readonly second: SecondModel
}

/** What a boundary may be (RFC 2046), and what of it needs no quotes. */
const BOUNDARY = /^[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/
const TOKEN = /^[\w'+\-.]+$/

/** What separates the parts of a form; null where the type is not that of one. */
export function boundaryOf(type: string | null): string | null {
  if (type === null || !/^multipart\/form-data\s*;/i.test(type)) return null
  const boundary = getMultipartBoundary(type)?.trim() ?? ''
  return BOUNDARY.test(boundary) ? boundary : null
}

/** The type of a form as it is passed on: with the boundary that was read by, and no other that a server could heed. */
export const formType = (boundary: string): string =>
  `multipart/form-data; boundary=${TOKEN.test(boundary) ? boundary : `"${boundary}"`}`

/** What cannot be a form with one model in it. */
export class UnreadableForm extends Error {}

/** One per form. Given its bytes as they come, up to the field. */
export class ModelFinder {
  readonly #boundary: string
  readonly #parser: MultipartParser
  readonly #pieces: Uint8Array[] = []
  /** Of the parts before it. */
  readonly #partBytes: number[] = []

  constructor(boundary: string) {
    this.#boundary = boundary
    this.#parser = new MultipartParser(boundary, {
      maxFileSize: REQUEST_BODY_BYTES_MAX,
      maxHeaderSize: FORM_HEADER_BYTES_MAX,
    })
  }

  /** The field, once it is complete; null before. Throws UnreadableForm. */
  push(piece: Uint8Array): FoundModel | null {
    this.#pieces.push(piece)
    try {
      for (const part of this.#parser.write(piece)) {
        this.#partBytes.push(part.size)
        if (nameOf(part) === 'model') return this.#found(part.text)
      }
      return null
    } catch (error) {
      if (error instanceof MultipartParseError || error instanceof TypeError) throw new UnreadableForm()
      throw error
    }
  }

  /** The parser does not say where a part lies, but how long each is: between them are separators and headers. */
  #found(model: string): FoundModel {
    const bytes = joined(this.#pieces)
    const separatorBytes = '\r\n--'.length + this.#boundary.length
    let at = 0
    let start = 0
    let end = -'\r\n'.length
    for (const partBytes of this.#partBytes) {
      at = Math.max(0, end)
      const headerAt = end + separatorBytes
      const header = searchable(bytes.subarray(headerAt, headerAt + FORM_HEADER_BYTES_MAX + HEADER_END.length * 2))
      start = headerAt + header.indexOf(HEADER_END, '\r\n'.length) + HEADER_END.length
      end = start + partBytes
    }
    const before = bytes.subarray(0, start)
    const behind = bytes.subarray(end)
    const second = new SecondModel(this.#boundary)
    const isTwice = second.isIn(bytes.subarray(0, at)) || second.isIn(behind)
    return { model, valueBytes: end - start, before, behind, isTwice, second }
  }
}

const HEADER_END = '\r\n\r\n'

/** A header that is no text is not that of a field. */
function nameOf(part: { readonly name: string | undefined }): string | undefined {
  try {
    return part.name
  } catch {
    return undefined
  }
}

/** A parameter `name` that a server could take for `model`, however it is quoted. */
const NAMES_MODEL = /[;\s]name\*?\s*=\s*(?:"model"|(?:[\w-]*'[^';\s]*')?model(?=[;\s]|$))/i
const BLANK_LINE = /\r?\n\r?\n/

/**
 * Looks for a second field `model` in what goes by. Servers differ in which of two they heed, so with a second one a
 * caller could reach a model that they may not call. It reads more for a separator than the standard does, as servers
 * may; the parser above would keep all of a file to look behind it.
 */
export class SecondModel {
  readonly #separator: string
  /** What may be the beginning of a separator, or of a header. */
  #held = ''

  constructor(boundary: string) {
    this.#separator = `--${boundary}`
  }

  /** Has a second one begun? Then the bytes are not to be passed on. */
  isIn(bytes: Uint8Array): boolean {
    const text = this.#held + searchable(bytes)
    let from = 0
    for (;;) {
      const at = text.indexOf(this.#separator, from)
      if (at === -1) {
        this.#held = text.slice(Math.max(from, text.length - this.#separator.length + 1))
        return false
      }
      from = at + this.#separator.length
      if (text.startsWith('--', from)) continue
      const header = text.slice(from, from + FORM_HEADER_BYTES_MAX)
      const end = header.search(BLANK_LINE)
      if (NAMES_MODEL.test((end === -1 ? header : header.slice(0, end)).replaceAll('\\', ''))) return true
      if (end !== -1) continue
      // Of a header that is longer than any nobody can say what is in it.
      if (header.length === FORM_HEADER_BYTES_MAX) return true
      this.#held = text.slice(at)
      return false
    }
  }
}
