/** What upstreams say in the suites of skins, whoever says it, and how they frame it. */

export type Json = Record<string, unknown>

export type VendorName = 'openai' | 'anthropic' | 'google' | 'responses'

/** An answer, whoever gives it. */
export interface Said {
  readonly thinking?: string
  readonly text?: string
  /** OpenAI alone has a place for it. */
  readonly refusal?: string
  readonly calls?: readonly { readonly id: string; readonly name: string; readonly input: object }[]
  readonly end: 'stop' | 'tools' | 'length' | 'filter'
}

/** Tokens of every answer, as each vendor can report them: Anthropic alone tells what was written to its cache. */
export const TOKENS = { input: 40, cached: 8, written: 2, output: 12, thought: 5 }

/** One protocol as its vendor speaks it. */
export interface Vendor {
  /** The whole reply. */
  whole(said: Said): string
  /** The events of the same, each with its framing. */
  stream(said: Said): readonly string[]
  /** An error body of this status. */
  error(status: number, message: string): string
  /** What it sends in the middle of a stream when it gives up. */
  errorEvent(message: string): string
  /** Who signs thinking: what must come through. */
  readonly signature?: string
}

/** How ids of calls begin, by vendor. */
export const ID_PREFIXES: Readonly<Record<VendorName, string>> = {
  openai: 'call_',
  anthropic: 'toolu_01',
  google: '',
  responses: 'call_',
}

export const pieces = (text = ''): string[] => text.match(/.{1,9}/gsu) ?? []
export const thoughtOf = ({ thinking }: Said): number => (thinking === undefined ? 0 : TOKENS.thought)
export const written = (input: object): string => JSON.stringify(input)
export const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
export const named = (event: Json): string => `event: ${event.type}\n${data(event)}`
