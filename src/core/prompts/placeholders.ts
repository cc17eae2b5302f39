/** Where the values of a template's variables go: `{{name}}`. No I/O. */

const PLACEHOLDER = /\{\{([^{}]*)\}\}/

/** What variables may be called: a name is a tag around its value, too. */
export const VARIABLE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/

/** Cuts a text into what stands around placeholders and, at every odd place, the names in them. */
export function piecesOf(content: string): readonly string[] {
  return content.split(PLACEHOLDER).map((piece, index) => (index % 2 === 1 ? piece.trim() : piece))
}

/** The names in a text, each once. */
export function namesIn(content: string): readonly string[] {
  return [...new Set(piecesOf(content).filter((_, index) => index % 2 === 1))]
}
