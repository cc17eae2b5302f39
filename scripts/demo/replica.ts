/** One replica: its name, models, engine and limits, and the ids and usage that its replies carry. */
import type { Engine } from './engine.ts'
import { Refusal } from './replies.ts'

export const CHAT_MODEL = 'demo-llm'
export const EMBEDDING_MODEL = 'all-MiniLM-L6-v2'
/** Output of a request that names no limit. */
export const OUTPUT_TOKENS_DEFAULT = 512

export interface Replica {
  readonly name: string
  readonly engine: Engine
  readonly contextTokens: number
  /** Seconds since 1970. */
  readonly seconds: () => number
  /** A new id with the prefix, in order. */
  readonly nextId: (prefix: string) => string
  /** A line for whoever watches the process. */
  readonly log: (line: string) => void
  /** Vectors of the texts, in order. */
  readonly embed: (texts: readonly string[]) => Promise<readonly (readonly number[])[]>
}

/** Refuses a model that is not there, in vLLM's words. */
export function requireModel(asked: string, model: string): void {
  if (asked === model) return
  throw new Refusal(404, 'NotFoundError', `The model \`${asked}\` does not exist.`, 'model')
}

/** Refuses what does not fit the context window, in vLLM's words; returns the room for output. */
export function outputRoom(replica: Replica, promptTokens: number, asked: number | null | undefined): number {
  const room = replica.contextTokens - promptTokens
  if (room < 1 || (asked ?? 1) > room) {
    const output = asked === null || asked === undefined ? '' : ` and ${asked} for the output`
    throw new Refusal(
      400,
      'BadRequestError',
      `This model's maximum context length is ${replica.contextTokens} tokens. However, your request has ${promptTokens} input tokens${output}. Please reduce the length of the input messages.`,
      'input_tokens',
    )
  }
  return Math.min(asked ?? OUTPUT_TOKENS_DEFAULT, room)
}

/** The usage object. */
export function usageOf(promptTokens: number, cachedTokens: number, outputTokens: number) {
  return {
    prompt_tokens: promptTokens,
    total_tokens: promptTokens + outputTokens,
    completion_tokens: outputTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  }
}

/** Stop sequences as a list. */
export function stopsOf(stop: string | string[] | null | undefined): string[] {
  return (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((text) => text !== '')
}
