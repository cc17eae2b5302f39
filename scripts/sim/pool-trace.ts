/** A trace of prompts that share beginnings: when each came, how long it was, and which blocks it was made of. No I/O. */
import { field } from '../../src/core/loose.ts'

/** One line of a trace. */
export interface PromptArrival {
  /** Since the first one, ms. */
  readonly atMs: number
  readonly promptTokens: number
  readonly outputTokens: number
  /** Ids of its blocks of BLOCK_TOKENS tokens; one id stands for a block and all before it. */
  readonly blocks: readonly number[]
  readonly tenant: string
  readonly priority: 'interactive' | 'batch'
}

/** Tokens of a block, as in the public Mooncake traces. */
export const BLOCK_TOKENS = 512
export const ONE_TENANT = 'one'

/**
 * Reads a trace of JSON lines with `timestamp` (ms), `input_length`, `output_length` (tokens), `hash_ids`, and, where it
 * tells them, `tenant` and `priority`. In order of arrival; throws an Error that names the line where it is not one.
 */
export function parsePromptTrace(text: string): PromptArrival[] {
  const arrivals = text
    .trim()
    .split(/\r?\n/)
    .map((line, index) => {
      const arrival = parsedLine(line)
      if (arrival === undefined) throw new Error(`line ${index + 1} of the trace is not one: ${line.slice(0, 80)}`)
      return arrival
    })
  arrivals.sort((one, other) => one.atMs - other.atMs)
  const firstMs = arrivals[0]?.atMs ?? 0
  return arrivals.map((arrival) => ({ ...arrival, atMs: arrival.atMs - firstMs }))
}

function parsedLine(line: string): PromptArrival | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  const [atMs, promptTokens, outputTokens] = [
    field(value, 'timestamp'),
    field(value, 'input_length'),
    field(value, 'output_length'),
  ]
  const [blocks, tenant, priority] = [field(value, 'hash_ids'), field(value, 'tenant'), field(value, 'priority')]
  if (!isCount(atMs) || !isCount(promptTokens) || !isCount(outputTokens)) return undefined
  if (!Array.isArray(blocks) || !blocks.every(isCount)) return undefined
  return {
    atMs,
    promptTokens,
    outputTokens,
    blocks,
    tenant: typeof tenant === 'string' ? tenant : ONE_TENANT,
    priority: priority === 'batch' ? 'batch' : 'interactive',
  }
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0
