/** Units of measure and money, and of time where something counts it. No I/O. */
import type { Item } from './reading.ts'

/** They are other things too: units only where something counts them. */
const counted = new Set('cup foot ft yard stone min sec ms hr mi meter ton amp knot buck won cent byte inch'.split(' '))
const counting = new Set(
  'a an per every each half many much few several couple to into in dozen how hundred thousand million'.split(' '),
)

/** Tokens of every unit; marks what it has read. */
export function* units(items: readonly Item[]): Generator<string> {
  for (let at = 0; at < items.length; at += 1) {
    const item = items[at] as Item
    const kind = item.entry?.kind
    if (item.isRead || (kind !== 'unit' && kind !== 'time') || !isUnit(items, at)) continue
    item.isRead = true
    yield item.entry?.token ?? ''
  }
}

function isUnit(items: readonly Item[], at: number): boolean {
  const item = items[at] as Item
  const previous = items[at - 1]
  if (previous?.type === 'number') return true
  if (item.type === 'han') {
    const isCounted = /[几半每多少]$/.test(previous?.text ?? '')
    return isCounted || (item.entry?.kind === 'unit' && item.text.length > 1)
  }
  if (/^(\w+ly|annual)$/.test(item.text)) return true
  const isPlain = item.entry?.kind === 'unit' && !counted.has(item.entry.token) && !counted.has(item.text)
  return isPlain || counting.has(previous?.text ?? '')
}
