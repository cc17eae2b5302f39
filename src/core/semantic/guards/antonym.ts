/** Which side of a pair of opposites a question names: `axis~side`. No I/O. */
import type { Item } from './reading.ts'

/** Tokens of every word that has an opposite. */
export function* antonyms(items: readonly Item[]): Generator<string> {
  for (const [at, { entry, isRead }] of items.entries()) {
    // "how long", "how old" ask for a measure and name no side.
    if (!isRead && entry?.kind === 'antonym' && items[at - 1]?.text !== 'how') yield entry.token
  }
}
