/** Blocks of prompt tokens that the replica has in its KV memory, as vLLM's automatic prefix caching has them. No I/O. */
import { createHash } from 'node:crypto'

/** Tokens in one block, vLLM's default. */
export const BLOCK_TOKENS = 16

export interface PrefixCache {
  /**
   * Tokens at the front of the prompt that need no prefill. The last token is always computed, as in vLLM. Sequences of
   * different `salt` have no block in common.
   */
  readonly cachedTokens: (tokens: readonly string[], salt?: string) => number
  /** Keeps the whole blocks of the sequence, the oldest ones making room. */
  readonly keep: (tokens: readonly string[], salt?: string) => void
  /** Share of the memory in use, 0 to 1. */
  readonly usage: () => number
}

/** A cache of `capacityTokens`. A block is known by everything before it too, so that equal text elsewhere is no hit. */
export function createPrefixCache(capacityTokens: number): PrefixCache {
  const blocksMax = Math.max(1, Math.floor(capacityTokens / BLOCK_TOKENS))
  // In the order of use: a Map keeps the order of insertion, and a used block is inserted anew.
  const blocks = new Map<string, true>()
  const touch = (block: string): void => {
    blocks.delete(block)
    blocks.set(block, true)
  }
  return {
    cachedTokens: (tokens, salt) => {
      let cached = 0
      for (const block of chain(tokens.slice(0, -1), salt)) {
        if (!blocks.has(block)) break
        touch(block)
        cached += BLOCK_TOKENS
      }
      return cached
    },
    keep: (tokens, salt) => {
      for (const block of chain(tokens, salt)) touch(block)
      for (const block of blocks.keys()) {
        if (blocks.size <= blocksMax) break
        blocks.delete(block)
      }
    },
    usage: () => blocks.size / blocksMax,
  }
}

/** The salt stands before the first block, and so before all: vLLM has it in that block's hash alone. */
function* chain(tokens: readonly string[], salt = ''): Generator<string> {
  let before = salt === '' ? '' : `salt ${salt}`
  for (let start = 0; start + BLOCK_TOKENS <= tokens.length; start += BLOCK_TOKENS) {
    const text = tokens.slice(start, start + BLOCK_TOKENS).join('')
    before = createHash('sha256').update(before).update('\0').update(text).digest('base64')
    yield before
  }
}
