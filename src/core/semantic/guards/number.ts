/** Numbers and ids that no date has taken. No I/O. */
import type { Item } from './reading.ts'

/** Classifiers: a single Chinese numeral is a number before one of them or a unit, and part of a word elsewhere. */
const MEASURES =
  /^[年个件张本次名条只台部款楼层岁位人间家杯瓶包盒双套份辆艘架颗支首篇页章节课级折期笔组队班号颗粒片排场届届遍倍门]/

/** Tokens of every number: plain digits, or an id in lower case. */
export function* numbers(items: readonly Item[]): Generator<string> {
  for (let at = 0; at < items.length; at += 1) {
    const item = items[at] as Item
    if (item.type !== 'number' || item.isRead || !isNumber(items, at)) continue
    item.isRead = true
    yield item.text
  }
}

function isNumber(items: readonly Item[], at: number): boolean {
  const { raw } = items[at] as Item
  if (/^[\x20-\x7f]/.test(raw) || raw.length > 1) return true
  const previous = items[at - 1]
  const next = items[at + 1]
  if (/(第|分之)$/.test(previous?.text ?? '') || next?.type === 'number') return true
  // 一米七; 除以六.
  if (previous?.entry?.kind === 'unit' || previous?.entry?.token.startsWith('math') === true) return true
  const kind = next?.entry?.kind
  if (kind === 'unit' || kind === 'time' || /^(左|右|上|下)/.test(next?.text ?? '')) return true
  // 一张票 is a ticket.
  return raw !== '一' && next?.type === 'han' && MEASURES.test(next.text)
}
