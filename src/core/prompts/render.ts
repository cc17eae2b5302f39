/** A template filled with values: each stands once where it was put, and is never looked into again. No I/O. */
import { RENDERED_CHARS_MAX } from './limits.ts'
import { piecesOf } from './placeholders.ts'
import type { FrameMessage, Template } from './types.ts'
import { plainValue, tagged, valueFault } from './values.ts'

/** Why a template cannot be filled. */
export interface RenderFault {
  /** The variable at fault; null: all of them together. */
  readonly variable: string | null
  /** A sentence but for its beginning, which is what is at fault. Never quotes a value. */
  readonly message: string
}

/**
 * The messages of a template, their number and roles as it has them. A variable that was not sent has its default; one
 * that has none and need not be sent leaves its place empty.
 */
export function rendered(
  { messages, variables = {} }: Template,
  values: Readonly<Record<string, unknown>>,
): readonly FrameMessage[] | RenderFault {
  for (const name of Object.keys(values))
    if (!Object.hasOwn(variables, name))
      return { variable: name, message: `is no variable of this template. ${haveOf(Object.keys(variables))}` }
  const texts = new Map<string, string>()
  for (const [name, variable] of Object.entries(variables)) {
    const sent = Object.hasOwn(values, name) ? plainValue(variable, values[name]) : undefined
    const value = sent === undefined ? variable.default : sent
    if (value === undefined && variable.required !== false)
      return { variable: name, message: 'is required by this template.' }
    const fault = value === undefined ? null : valueFault(variable, value)
    if (fault !== null) return { variable: name, message: `${fault}.` }
    texts.set(name, value === undefined ? '' : tagged(name, value))
  }
  return filled(messages, texts)
}

const haveOf = (names: readonly string[]): string =>
  names.length === 0 ? 'It has none: leave it out.' : `It has ${names.join(', ')}.`

/** The size is known before anything is put together: a value may stand in thousands of places. */
function filled(
  messages: readonly FrameMessage[],
  texts: ReadonlyMap<string, string>,
): readonly FrameMessage[] | RenderFault {
  const textAt = (piece: string, index: number): string => (index % 2 === 1 ? (texts.get(piece) ?? '') : piece)
  let chars = 0
  const cut = messages.map(({ role, content }) => ({ role, pieces: piecesOf(content).map(textAt) }))
  for (const { pieces } of cut) for (const piece of pieces) chars += piece.length
  if (chars > RENDERED_CHARS_MAX)
    return { variable: null, message: `make the template longer than ${RENDERED_CHARS_MAX} characters. Send less.` }
  return cut.map(({ role, pieces }) => ({ role, content: pieces.join('') }))
}
