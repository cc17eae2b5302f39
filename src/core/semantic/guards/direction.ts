/** Which way round: from whom to whom, on or off, before or after, more than what. `what~way`. No I/O. */
import { isAct, isSmall } from './content.ts'
import type { Item } from './reading.ts'
import { PARTICLE_VERBS } from './words/opposites.ts'

/** Tokens of every direction. Called after units, dates and numbers have been read. */
export function* directions(items: readonly Item[], text: string): Generator<string> {
  for (const [at, { entry, isRead }] of items.entries()) {
    if (!isRead && entry?.kind === 'direction' && items[at - 1]?.text !== 'how') yield entry.token
  }
  yield* particles(items)
  yield* ends(items)
  yield* conversions(items)
  yield* comparisons(items)
  yield* sums(items)
  yield* countedUnits(items)
  yield* hanPlaces(items)
  if (/[从由把将比去往]/.test(text)) yield* hanEnds(text)
}

const verbs = new Set(PARTICLE_VERBS.split(' '))
const particleTokens = new Map([
  ['on', 'power~enable'],
  ['in', 'place~inside'],
  ['into', 'place~inside'],
  ['out', 'place~outside'],
  ['off', 'power~disable'],
  ['up', 'amount~increase'],
  ['down', 'amount~decrease'],
])
const VERB_REACH = 5
/** "turn on the lights" and "turn the lights on"; but not "set an alarm on monday". */
const openers = new Set(
  'the a an my our all it them this that these please and or when at if for now every automatically'.split(' '),
)

function* particles(items: readonly Item[]): Generator<string> {
  for (let at = 1; at < items.length; at += 1) {
    const token = particleTokens.get((items[at] as Item).text)
    if (token === undefined) continue
    const verb = verbBefore(items, at)
    if (verb < 0) continue
    const next = items[at + 1]
    const isJoined = verb === at - 1
    const isLast = next === undefined || next.type === 'mark'
    if (
      isLast ||
      isJoined ||
      /^(please|and|or|when|at|if|now|automatically|every)$/.test(next.text) ||
      (/^(up|down|out|off)$/.test((items[at] as Item).text) && openers.has(next.text))
    )
      yield token
  }
}

function verbBefore(items: readonly Item[], at: number): number {
  for (let index = at - 1; index >= Math.max(0, at - VERB_REACH); index -= 1) {
    const text = items[index]?.text ?? ''
    if (items[index]?.type === 'mark') return -1
    if (verbs.has(text) || verbs.has(text.replace(/(?:ting|ning|ging|ing|ted|ned|ged|ed|s)$/, ''))) return index
  }
  return -1
}

const fillers = new Set('the a an my our your his her their its this that one some'.split(' '))
const towards = new Set(['to', 'into', 'onto', 'towards', 'for', 'through', 'until', 'till'])
const FROM_REACH = 8

function isThing(item: Item | undefined): boolean {
  const kind = item?.entry?.kind
  return kind === 'entity' || kind === 'unit' || kind === 'date' || kind === 'antonym'
}

function nameOf(item: Item): string {
  return (item.entry?.token ?? item.text).replaceAll('~', ' ')
}

/** Skips articles; undefined at a mark or the end. "version 2" is one thing. */
function contentAt(items: readonly Item[], at: number): Item | undefined {
  let index = at
  while (fillers.has(items[index]?.text ?? '')) index += 1
  const item = items[index]
  const next = items[index + 1]
  if (item === undefined || item.type === 'mark') return undefined
  if (item.type !== 'word' || next?.type !== 'number' || next.isRead) return item
  return { ...item, entry: { kind: item.entry?.kind ?? 'plain', token: `${nameOf(item)} ${next.text}` } }
}

/** from X to Y, to Y from X, and either alone where it is a name. */
function* ends(items: readonly Item[]): Generator<string> {
  for (let at = 0; at < items.length; at += 1) {
    const { text } = items[at] as Item
    if (text === 'instead' || text === 'rather') yield* choice(items, at)
    if (text === 'from') {
      const source = contentAt(items, at + 1)
      const goal = goalAfter(items, at + 2)
      if (source !== undefined && (goal !== undefined || isNamed(items, source) || isNoun(source)))
        yield `${nameOf(source)}~from`
      if (goal !== undefined) yield `${nameOf(goal)}~to`
    } else if (text === 'to' || text === 'into') {
      const goal = contentAt(items, at + 1)
      if (goal !== undefined && (isThing(goal) || isNoun(goal))) yield `${nameOf(goal)}~to`
    }
  }
}

/** May be a verb that no list has; then nobody comes from it either. */
function isNoun({ type, text }: Item): boolean {
  return type === 'word' && !isSmall(text) && !isAct(text)
}

function isNamed(items: readonly Item[], item: Item): boolean {
  const isCapital = /^\p{Lu}/u.test(item.raw)
  return (
    isThing(item) || isCapital || items.some(({ text }, index) => /^(to|into)$/.test(text) && isThing(items[index + 1]))
  )
}

function goalAfter(items: readonly Item[], start: number): Item | undefined {
  for (let at = start; at < Math.min(items.length, start + FROM_REACH); at += 1) {
    const item = items[at] as Item
    if (item.type === 'mark' && !/[(),]/.test(item.text)) return undefined
    if (towards.has(item.text) && (item.text === 'to' || item.text === 'into' || isThing(contentAt(items, at + 1)))) {
      return contentAt(items, at + 1)
    }
  }
  return undefined
}

/** X instead of Y. */
function* choice(items: readonly Item[], at: number): Generator<string> {
  const link = items[at + 1]?.text
  if (link !== 'of' && link !== 'than') return
  const chosen = items[at - 1]
  const left = contentAt(items, at + 2)
  if (chosen !== undefined && chosen.type !== 'mark') yield `${nameOf(chosen)}~chosen`
  if (left !== undefined) yield `${nameOf(left)}~left`
}

const links = new Set([
  'to',
  'into',
  'in',
  'for',
  'as',
  'per',
  '到',
  '至',
  '换',
  '兑',
  '转',
  '换成',
  '兑换',
  '兑换成',
  '转成',
  '转换成',
  '译成',
  '翻译成',
  '飞',
  '飞到',
  '去',
  '往',
  '飞往',
  '对',
])

/** usd to eur, 5 miles in km, 美元兑人民币; "how many km in 5 miles" is the latter way round. */
function* conversions(items: readonly Item[]): Generator<string> {
  for (let at = 1; at + 1 < items.length; at += 1) {
    const source = items[at - 1] as Item
    const link = items[at] as Item
    if (!links.has(link.text) || !isThing(source)) continue
    let next = at + 1
    while (items[next]?.type === 'number' || fillers.has(items[next]?.text ?? '')) next += 1
    const goal = items[next]
    if (goal === undefined || !isThing(goal) || goal.entry?.kind !== source.entry?.kind) continue
    const isAsked = /^(many|much)$/.test(items[at - 2]?.text ?? '')
    yield `${nameOf(source)}~${isAsked ? 'to' : 'from'}`
    yield `${nameOf(goal)}~${isAsked ? 'from' : 'to'}`
  }
}

/** X is faster than Y: Y is what it is compared with. */
function* comparisons(items: readonly Item[]): Generator<string> {
  const at = items.findIndex(({ text }) => text === 'than')
  if (at < 0 || /^(other|rather|less|more)$/.test(items[at - 1]?.text ?? '')) return
  const than = contentAt(items, at + 1)
  if (than === undefined || than.type === 'number') return
  yield `${nameOf(than)}~than`
  for (let index = at - 2; index >= 0; index -= 1) {
    const subject = items[index] as Item
    if (subject.type === 'mark') return
    if (subject.type === 'number') continue
    if (
      /^(is|are|was|were|does|do|has|have|more|less|a|an|the|much|be|run|runs|cost|costs|way|it|which|what|why|how)$/.test(
        subject.text,
      )
    )
      continue
    yield `${nameOf(subject)}~over`
    return
  }
}

/** 10 minus 5, 6 divided by 3, 10 percent of 200: which number stands on which side. */
function* sums(items: readonly Item[]): Generator<string> {
  for (let at = 1; at < items.length; at += 1) {
    const text = items[at]?.text ?? ''
    const isSum = /^(minus|divided by|percent|%|over|subtract)$/.test(text)
    const [left, right] = isSum
      ? [items[at - 1], items.slice(at + 1, at + 4).find(({ type }) => type === 'number')]
      : []
    if (left?.type === 'number' && right !== undefined && left.text !== right.text) {
      yield `${left.text}~left`
      yield `${right.text}~right`
    }
  }
}

/** Where two things are counted, which number counts which. */
function* countedUnits(items: readonly Item[]): Generator<string> {
  const found: string[] = []
  for (let at = 1; at < items.length; at += 1) {
    const number = items[at - 1] as Item
    const kind = items[at]?.entry?.kind
    if (number.type === 'number' && (kind === 'unit' || kind === 'time'))
      found.push(`${nameOf(items[at] as Item)}~${number.text}`)
  }
  if (found.length > 1) yield* found
}

/** 从上海寄出, 寄到上海: a name and the character before it. */
function* hanPlaces(items: readonly Item[]): Generator<string> {
  for (let at = 1; at < items.length; at += 1) {
    const place = items[at] as Item
    const before = items[at - 1]
    if (place.entry?.kind !== 'entity' || before?.type !== 'han') continue
    if (/[从由自]$/.test(before.text)) yield `${nameOf(place)}~from`
    if (/[到至往去飞给]$/.test(before.text)) yield `${nameOf(place)}~to`
  }
}

const FROM_TO =
  /[从由把将](?:我的?)?\d*([^，。？！,.?!\s从由把将]{1,12}?)(?:转账到|转移到|移动到|移到|挪到|搬到|复制到|传到|飞到|飞往|开往|前往|换算成|转换成|转换为|兑换成|翻译成|换成|改成|改为|译成|转成|变成|转到|迁移到|升级到|降级到|到|至|往|飞|去)(?:我的?)?([^，。？！,.?!\s]{1,12})/
/** What ends the name of a place or a thing that is written without a space. */
const goalEnd = /[的要怎多有是坐开走需在吗呢可最哪什应距应该票航机高火车路大几]/
const THAN = /([^，。？！,.?!\s]{1,8}?)比([^，。？！,.?!\s]{1,8})/
const questionWords = /^(请问|为什么|是不是|为何|难道|怎么)/
const thanEnd = /[更贵大快好高多便宜重长强难安省慢小吗有还要早晚轻]/

const GOAL = /(?<![过失出回下上])(?:去|前往|飞往|往)(?![年除掉世哪过])([^，。？！,.?!\s]{1,8})/

/** 从北京到上海, 怎么去机场, 把中文翻译成英文, 苹果比华为贵. */
function* hanEnds(text: string): Generator<string> {
  const way = FROM_TO.exec(text)
  if (way !== null) {
    yield `${way[1] ?? ''}~from`
    yield `${(way[2] ?? '').split(goalEnd)[0] ?? ''}~to`
  }
  const goal = way === null ? GOAL.exec(text) : null
  const place = (goal?.[1] ?? '').split(goalEnd)[0] ?? ''
  if (place !== '') yield `goal~${place}`
  const compared = THAN.exec(text)
  if (compared === null) return
  yield `${(compared[1] ?? '').replace(questionWords, '')}~over`
  yield `${(compared[2] ?? '').split(thanEnd)[0] ?? ''}~than`
}
