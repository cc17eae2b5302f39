/** The demo model's tokenizer: words cut into pieces of up to six letters, spaces in front. Reversible. No I/O. */
const piece = /\s?\p{L}{1,6}|\s?\p{N}{1,3}|\s?[^\s\p{L}\p{N}]|\s/gu

/** Text → tokens; joined they are the text again. */
export function tokenize(text: string): string[] {
  return text.match(piece) ?? []
}
