/** An inference engine, as far as a router notices: prompts are computed one after the other, less what its memory holds. No I/O. */
import { BLOCK_TOKENS } from './pool-trace.ts'

/** What one replica is. */
export interface EngineOptions {
  readonly prefillTokensPerSecond: number
  /** Of each prompt, whatever its length. */
  readonly baseMs: number
  /** Per token of the answer; answers do not slow each other down. */
  readonly decodeMs: number
  readonly kvTokens: number
}

export const ENGINE: EngineOptions = { prefillTokensPerSecond: 20_480, baseMs: 30, decodeMs: 20, kvTokens: 2_000_000 }

/** What the engine is asked to compute. */
export interface EnginePrompt {
  readonly promptTokens: number
  readonly outputTokens: number
  readonly blocks: readonly number[]
}

/** When a prompt was done, and what of it was in memory. */
export interface EngineRun {
  readonly firstMs: number
  readonly endMs: number
  readonly cachedTokens: number
  readonly busyMs: number
}

/** First in, first out; its memory throws out what was used longest ago, the deepest block of a prompt first. */
export class Engine {
  readonly #options: EngineOptions
  readonly #blocksMax: number
  /** In order of use. */
  readonly #memory = new Set<number>()
  #freeMs = 0

  constructor(options: EngineOptions) {
    this.#options = options
    this.#blocksMax = Math.floor(options.kvTokens / BLOCK_TOKENS)
  }

  /** A prompt has come; to be called in order of time. */
  run({ promptTokens, outputTokens, blocks }: EnginePrompt, nowMs: number): EngineRun {
    const { prefillTokensPerSecond, baseMs, decodeMs } = this.#options
    let matched = 0
    while (matched < blocks.length && this.#memory.has(blocks[matched] ?? -1)) matched += 1
    // The last token is always computed: its answer is what is wanted.
    const cachedTokens = Math.max(0, Math.min(promptTokens - 1, matched * BLOCK_TOKENS))
    const busyMs = baseMs + (1000 * (promptTokens - cachedTokens)) / prefillTokensPerSecond
    this.#use(blocks)
    this.#freeMs = Math.max(this.#freeMs, nowMs) + busyMs
    return { firstMs: this.#freeMs, endMs: this.#freeMs + decodeMs * outputTokens, cachedTokens, busyMs }
  }

  #use(blocks: readonly number[]): void {
    for (const block of blocks.slice(0, this.#blocksMax).reverse()) {
      this.#memory.delete(block)
      this.#memory.add(block)
    }
    for (const oldest of this.#memory) {
      if (this.#memory.size <= this.#blocksMax) break
      this.#memory.delete(oldest)
    }
  }
}
