/** The cells of skins by targets: what upstreams answer, what must come of it, and which cells there cannot be. */
import type { Answer, SkinName } from '../support/skin-readers.ts'
import { ID_PREFIXES, type Said, TOKENS, type VendorName } from './skin-said.ts'

export type FormName = 'whole' | 'stream'

/** What happens at the upstream. */
export interface Scenario {
  readonly name: string
  /** What a request has besides its text; see skin-asks.ts. */
  readonly asks?: 'tools' | 'image' | 'reasoning'
  /** The answer; of a fault, what would have come. */
  readonly said: Said
  readonly fault?: Fault
}

export type Fault =
  /** An error status in place of an answer. */
  | 'status-400'
  | 'status-500'
  /** After the first content an error event, then the end; of a whole reply: status 200, and an error in its place. */
  | 'late-error'
  /** After the first content the connection closes; of a whole reply: in the middle of its body. */
  | 'late-cut'

/** In the first piece of a stream. */
export const FIRST = 'It rains, '
export const PROVIDER_SAYS = 'The provider has its own words for this.'

const TEXT = 'It rains, and 北京 has “quotes”, \\ and\nlines.'
const weather = (city: string) => ({ name: 'get_weather', input: { city } })

export const SCENARIOS: readonly Scenario[] = [
  { name: 'text', said: { text: TEXT, end: 'stop' } },
  { name: 'tools', asks: 'tools', said: { calls: [{ id: 'Abc1', ...weather('Paris') }], end: 'tools' } },
  {
    name: 'parallel tools',
    asks: 'tools',
    said: {
      text: 'Let me look.',
      calls: [
        { id: 'Abc1', ...weather('Paris') },
        { id: 'Abc2', ...weather('Rome') },
        { id: 'Abc3', name: 'get_time', input: {} },
      ],
      end: 'tools',
    },
  },
  { name: 'image', asks: 'image', said: { text: 'One pixel.', end: 'stop' } },
  { name: 'reasoning', asks: 'reasoning', said: { thinking: 'Clouds, so rain.', text: TEXT, end: 'stop' } },
  { name: 'length', said: { text: 'It rains, and', end: 'length' } },
  { name: 'filter', said: { text: 'It rains, and', end: 'filter' } },
  { name: 'refusal', said: { refusal: 'I cannot help with that.', end: 'stop' } },
  ...(['status-500', 'status-400', 'late-error', 'late-cut'] as const).map((fault) => ({
    name: fault,
    said: { text: TEXT, end: 'stop' as const },
    fault,
  })),
]

export const SKINS: readonly SkinName[] = ['chat', 'messages', 'responses']
export const TARGETS: readonly VendorName[] = ['openai', 'anthropic', 'google', 'responses']
export const FORMS: readonly FormName[] = ['whole', 'stream']

export interface Cell {
  readonly skin: SkinName
  readonly target: VendorName
  readonly scenario: Scenario
  readonly form: FormName
  /** Of the model and its provider: each cell has its own, so that what one teaches the gateway is no other's business. */
  readonly alias: string
}

/** Why a cell cannot be; null where it can. */
export function whyNot(skin: SkinName, target: VendorName, { name }: Scenario): string | null {
  if (target === 'responses' && skin !== 'responses')
    return 'a target that has /responses is asked for /chat/completions by other skins: that is the column openai'
  if (name === 'refusal' && (target === 'anthropic' || target === 'google'))
    return 'only OpenAI tells a refusal in words of its own; others refuse by their stop reason: that is the row filter'
  return null
}

const everything = SKINS.flatMap((skin) =>
  TARGETS.flatMap((target) => SCENARIOS.map((scenario) => ({ skin, target, scenario }))),
)

/** All cells that can be. */
export const CELLS: readonly Cell[] = everything
  .filter(({ skin, target, scenario }) => whyNot(skin, target, scenario) === null)
  .flatMap((cell) =>
    FORMS.map((form) => ({
      ...cell,
      form,
      alias: [cell.skin, cell.target, cell.scenario.name.replaceAll(' ', '-'), form].join('-'),
    })),
  )

/** All that cannot, with the reason. */
export const IMPOSSIBLE: readonly { readonly cell: string; readonly reason: string }[] = everything.flatMap(
  ({ skin, target, scenario }) => {
    const reason = whyNot(skin, target, scenario)
    return reason === null ? [] : [{ cell: `${skin} at ${target}: ${scenario.name}`, reason }]
  },
)

/** Does the target speak the caller's own protocol? Then it is its own bytes that the caller gets. */
export const isNative = ({ skin, target }: Pick<Cell, 'skin' | 'target'>): boolean =>
  target === (skin === 'chat' ? 'openai' : skin === 'messages' ? 'anthropic' : 'responses')

/** Stands for the id of a call whose provider gave it none. */
export const MADE = 'made by us'

/** The answer that must be read from a cell, but for its id and its model. */
export function expected({ skin, target, scenario }: Cell): Omit<Answer, 'id' | 'model'> {
  const { thinking = '', text = '', refusal = '', calls = [], end } = scenario.said
  // Messages has no other place for what is refused in words than the words.
  const spoken = skin === 'messages' ? { text: text + refusal, refusal: '' } : { text, refusal }
  return {
    ...spoken,
    reasoning: thinking,
    calls: calls.map(({ id, ...call }) => ({
      id: target === 'google' && calls.length === 1 ? MADE : ID_PREFIXES[target] + id,
      ...call,
    })),
    end,
    usage: {
      ...TOKENS,
      written: target === 'anthropic' ? TOKENS.written : 0,
      thought: thinking === '' ? 0 : TOKENS.thought,
    },
  }
}
