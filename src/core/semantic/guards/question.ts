/** What kind of answer a question wants: `axis~kind`, the axes being sort, measure and polar. No I/O. */
// Only kinds that exclude each other have tokens: "what", "how", "can i" and plain commands may all be one question.
// `sort`: who, where, when, why, an amount; `measure`: what of it; `polar`: yes or no, or not that.
import type { Item } from './reading.ts'

type Sort = 'who' | 'where' | 'time' | 'why' | 'amount'
interface Kind {
  readonly sort?: Sort
  readonly measure?: string
  readonly polar?: 'yes' | 'no'
}

const WHO: Kind = { sort: 'who', polar: 'no' }
const WHERE: Kind = { sort: 'where', polar: 'no' }
const WHEN: Kind = { sort: 'time', polar: 'no' }
const WHY: Kind = { sort: 'why', polar: 'no' }
const COUNT: Kind = { sort: 'amount', measure: 'count' }
const PRICE: Kind = { sort: 'amount', measure: 'price' }
const DURATION: Kind = { sort: 'time', measure: 'duration' }

/** Tokens of the kind of a question. */
export function* questionKinds(items: readonly Item[], text: string, script: string | null): Generator<string> {
  const kind = script === 'latin' ? latinKind(items) : script === 'han' ? hanKind(text) : undefined
  for (const [axis, value] of Object.entries(kind ?? {})) yield `${axis}~${value}`
}

/** After these a question word asks; elsewhere ("remind me when …") it only joins. */
const introducing = new Set(
  'know tell me wonder wondering explain find out see say ask idea sure remember about for of to on and exactly at by understand learn check figure so hi hello hey please just is are was also but determine confirm us clue'.split(
    ' ',
  ),
)
const auxiliaries = new Set(
  "is are was were am does do did has have had should will would isn't aren't doesn't don't didn't hasn't haven't won't shouldn't isnt arent doesnt dont didnt".split(
    ' ',
  ),
)
const openings = new Set('hi hello hey please so ok okay and but also well um'.split(' '))

function latinKind(items: readonly Item[]): Kind | undefined {
  for (let at = 0; at < items.length; at += 1) {
    const kind = asks(items, at) ? kindAt(items, at) : undefined
    if (kind !== undefined) return kind
  }
  const start = items.findIndex(({ text, type }) => type !== 'mark' && !openings.has(text))
  const first = items[start]?.text ?? ''
  const second = items[start + 1]?.text ?? ''
  if (!auxiliaries.has(first) || /^(you|there|it)$/.test(second)) return undefined
  return items.some(({ text }) => /^(how|what|which)/.test(text)) ? undefined : { polar: 'yes' }
}

function asks(items: readonly Item[], at: number): boolean {
  const previous = items[at - 1]
  const next = items[at + 1]
  if (previous === undefined || previous.type === 'mark' || openings.has(previous.text)) return true
  if (/^(remind|notify|alert|warn)$/.test(items[at - 2]?.text ?? '')) return false
  return introducing.has(previous.text) || next === undefined || next.type === 'mark'
}

function kindAt(items: readonly Item[], at: number): Kind | undefined {
  const text = (items[at] as Item).text
  const rest = items.slice(at + 1, at + 7)
  const next = rest[0]?.text ?? ''
  if (/^(who|whom|whose)$/.test(text)) return WHO
  if (/^where('d)?$/.test(text)) return WHERE
  if (text === 'when') return WHEN
  if (text === 'why' || (text === 'how' && next === 'come')) return WHY
  if (text.startsWith('how')) return howKind(text === 'how' ? next : text.slice(4), rest)
  if (text === 'what' || text === 'which' || text === 'whats') return whatKind(next, rest)
  return undefined
}

function howKind(degree: string, rest: readonly Item[]): Kind | undefined {
  const has = (pattern: RegExp): boolean => rest.some(({ text }) => pattern.test(text))
  if (degree === 'much' || degree === 'many') {
    if (/^(time|seconds?|minutes?|hours?|days?|weeks?|months?|years?)$/.test(rest[1]?.text ?? '')) return DURATION
    return has(/^(cost|costs|price|charge|fee|pay)$/) ? PRICE : COUNT
  }
  if (degree === 'long') return DURATION
  if (degree === 'soon') return WHEN
  if (degree === 'far') return { sort: 'amount', measure: 'distance' }
  if (degree === 'old') return { measure: 'age', polar: 'no' }
  if (degree === 'often') return { sort: 'time', measure: 'frequency' }
  return /^(tall|high|big|large|heavy|deep|wide|fast|hot|cold)$/.test(degree)
    ? { sort: 'amount', measure: degree }
    : undefined
}

/** What time, which city, what is the reason, what does it cost. */
function whatKind(next: string, rest: readonly Item[]): Kind | undefined {
  const texts = rest.slice(0, 4).map(({ text }) => text)
  const noun = texts.find((text) => !/^(is|are|was|the|a|an|exact|my)$/.test(text)) ?? ''
  if (/^(reason|causes?|caused)$/.test(noun)) return WHY
  if (next === 'time' || next === 'day' || next === 'date' || next === 'year' || next === 'month') {
    return texts[1] === 'zone' ? undefined : WHEN
  }
  if (/^(city|country|place|location|address|state|town|street)$/.test(next)) return WHERE
  if (/^(person|people)$/.test(next)) return WHO
  if (/^(price|cost)$/.test(noun) || (/^(does|do|will|would)$/.test(next) && texts.includes('cost'))) return PRICE
  return undefined
}

const hanKinds: readonly (readonly [RegExp, Kind])[] = [
  [/为什么|为何|为啥|怎么会|什么原因|咋会/, WHY],
  [/多少钱|什么价|价格|几块|几元|多贵|费用是/, PRICE],
  [/多久|多长时间|多少[天年小分个]*[天年时钟月]|几(天|年|个小时|小时|个月|分钟|周)/, DURATION],
  [/什么时候|何时|几点|哪天|几号|哪年|哪一年|什么时间|哪个月|几月|啥时候/, WHEN],
  [/谁|哪位|什么人|哪个人/, WHO],
  [/哪里|哪儿|在哪|什么地方|何处|啥地方|哪个城市|哪个国家/, WHERE],
  [/多远/, { sort: 'amount', measure: 'distance' }],
  [/多大年纪|几岁|多少岁|多大了/, { measure: 'age', polar: 'no' }],
  [/多高/, { sort: 'amount', measure: 'tall' }],
  [/多重/, { sort: 'amount', measure: 'heavy' }],
  [/多少|几[个张本次名条只台款位]/, COUNT],
  [/怎么|如何|什么|哪|怎样|能|可以|可否|会不会|咋/, {}],
  [/吗|是不是|是否|有没有/, { polar: 'yes' }],
]

function hanKind(text: string): Kind | undefined {
  return hanKinds.find(([pattern]) => pattern.test(text))?.[1]
}
