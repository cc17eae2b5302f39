/** Dates: weekdays, months and their days, years, times of day, holidays, and periods told from today. No I/O. */
import type { Item } from './reading.ts'

const MONTHS = 'january february march april may june july august september october november december'.split(' ')
const monthSet: ReadonlySet<string> = new Set(MONTHS)
/** Words that are more than a date: only after one of `before`, beside a number, or as a name in mid-sentence. */
const ambiguous = new Set(['may', 'march', 'mar', 'sat', 'sun', 'mon', 'wed', 'dec', 'jan', 'spring'])
const before = new Set(
  'in on by of since until till this next last early late from to between and through every for before after mid'.split(
    ' ',
  ),
)
const shifts = new Map([
  ['next', 'next'],
  ['coming', 'next'],
  ['upcoming', 'next'],
  ['following', 'next'],
  ['last', 'last'],
  ['previous', 'last'],
  ['past', 'last'],
  ['this', 'this'],
  ['current', 'this'],
])

/** Tokens of every date; marks what it has read. */
export function* dates(items: readonly Item[]): Generator<string> {
  for (let at = 0; at < items.length; at += 1) {
    const item = items[at] as Item
    if (item.type === 'number') yield* numericDate(items, at)
    else if (item.entry?.kind === 'time') yield* period(items, at)
    else if (isDateWord(items, at)) yield* named(items, at)
  }
}

function isDateWord(items: readonly Item[], at: number): boolean {
  const item = items[at] as Item
  if (item.entry?.kind !== 'date' && item.text !== 'may') return false
  if (!ambiguous.has(item.text)) return true
  const previous = items[at - 1]
  const next = items[at + 1]
  if (before.has(previous?.text ?? '') || shifts.has(previous?.text ?? '')) return true
  return isDay(previous) || isDay(next) || (!item.opens && /^\p{Lu}\p{Ll}/u.test(item.raw))
}

function* named(items: readonly Item[], at: number): Generator<string> {
  const item = items[at] as Item
  const token = item.entry?.kind === 'date' ? item.entry.token : item.text
  item.isRead = true
  yield token
  yield* shiftAt(items, at - 1, false)
  if (!monthSet.has(token)) return
  const after = items[at + 1]?.text === 'the' ? at + 2 : at + 1
  const earlier = items[at - 1]?.text === 'of' ? at - 2 : at - 1
  const place = isDay(items[after]) ? after : isDay(items[earlier]) ? earlier : -1
  const day = items[place]
  if (day === undefined) return
  day.isRead = true
  yield `day ${day.text}`
}

/** "next friday" and "last friday" are two; "this friday" and "friday" are one. */
function* shiftAt(items: readonly Item[], at: number, isThisTold: boolean): Generator<string> {
  const word = items[at]
  const shift = shifts.get(word?.text ?? '')
  if (word === undefined || shift === undefined) return
  word.isRead = true
  if (shift !== 'this' || isThisTold) yield shift
}

/** "next week", "the last three months"; the unit stays for its own guard where it is counted. */
function* period(items: readonly Item[], at: number): Generator<string> {
  const unit = items[at] as Item
  if (items[at - 1]?.type === 'number') {
    yield* shiftAt(items, at - 2, true)
    return
  }
  const shift = shifts.get(items[at - 1]?.text ?? '')
  if (shift === undefined) return
  for (const item of [unit, items[at - 1] as Item]) item.isRead = true
  yield `${shift} ${unit.entry?.token ?? ''}`
}

function isDay(item: Item | undefined): boolean {
  return item?.type === 'number' && /^([1-9]|[12]\d|3[01])$/.test(item.text)
}

function* numericDate(items: readonly Item[], at: number): Generator<string> {
  const item = items[at] as Item
  if (item.isRead) return
  const tokens = [...partsOfDate(item.text), ...timeOfDay(items, at), ...hanDate(items, at)]
  if (tokens.length === 0 && isYear(items, at)) tokens.push(`year ${item.text}`)
  if (tokens.length > 0) item.isRead = true
  yield* tokens
}

/** 2024-05-01, 5/1/2024 (the month first, unless it cannot be one), 1.5.2024 (the day first). */
function partsOfDate(text: string): string[] {
  const iso = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$/.exec(text)
  if (iso !== null) return dateTokens(iso[1], Number(iso[2]), Number(iso[3]))
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{2,4})$/.exec(text)
  if (dotted !== null) return dateTokens(dotted[3], Number(dotted[2]), Number(dotted[1]))
  const slashed = /^(\d{1,2})\/(\d{1,2})\/(\d{2,4})$/.exec(text)
  if (slashed === null) return []
  const [first, second] = [Number(slashed[1]), Number(slashed[2])]
  return first > 12 ? dateTokens(slashed[3], second, first) : dateTokens(slashed[3], first, second)
}

function dateTokens(year: string | undefined, month: number, day: number): string[] {
  const full = year?.length === 2 ? `20${year}` : year
  return [MONTHS[month - 1] ?? `month ${month}`, `day ${day}`, `year ${full ?? ''}`]
}

/** "5 pm", "5:30", "5:30 pm", "17:30", "five o'clock". */
function timeOfDay(items: readonly Item[], at: number): string[] {
  const time = /^(\d{1,2})(?::(\d{2}))?(?::\d{2})?$/.exec((items[at] as Item).text)
  if (time === null) return []
  const next = items[at + 1]
  const half = next?.text === 'am' || next?.text === 'pm' ? next : undefined
  const isClock = next?.text === "o'clock" || next?.text === 'oclock'
  if (half === undefined && !isClock && time[2] === undefined) return []
  if (half !== undefined) half.isRead = true
  const hour = half === undefined ? Number(time[1]) : (Number(time[1]) % 12) + (half.text === 'pm' ? 12 : 0)
  return [`time ${hour}:${time[2] ?? '00'}`]
}

/** 3月, 5日 or 5号, 2024年, 三点半. */
function hanDate(items: readonly Item[], at: number): string[] {
  const { text } = items[at] as Item
  const next = items[at + 1]
  if (next?.type !== 'han') return []
  const value = Number(text)
  if (next.text === '年' && /^\d{4}$/.test(text)) {
    next.isRead = true
    return [`year ${text}`]
  }
  if (next.text.startsWith('月') && value >= 1 && value <= 12) return [MONTHS[value - 1] ?? '']
  if (/^(日|号(?![线楼码门院店机]))/.test(next.text) && value >= 1 && value <= 31) return [`day ${text}`]
  if (!/^点(?![评赞菜名餐外])/.test(next.text) || value > 24) return []
  const minutes = next.text.startsWith('点半') ? ':30' : ':00'
  const isLater = /^(下午|晚上|傍晚)$/.test(items[at - 1]?.text ?? '') && value < 12
  return [`time ${isLater ? value + 12 : value}${minutes}`]
}

/** Four digits of these centuries, unless a unit counts them or a sign makes them money. */
function isYear(items: readonly Item[], at: number): boolean {
  const next = items[at + 1]?.entry?.kind
  const sign = items[at - 1]?.raw ?? ''
  return /^(19|20)\d\d$/.test((items[at] as Item).text) && next !== 'unit' && next !== 'time' && !/^[$€£¥#]$/.test(sign)
}
