/** What the black-box suites about pools share: long prompts, a pool's config, and what a reply says of the choice. */
import type { ConfigDocument } from '../../src/core/config.ts'
import type { Reply } from './http-client.ts'

type Provider = NonNullable<ConfigDocument['providers']>[string]

/** A pool over replicas by their ids; more fields go into the pool. */
export const poolOf = (urls: Readonly<Record<string, string>>, more: Partial<Provider['pool']> = {}): Provider => ({
  protocol: 'openai',
  pool: { replicas: Object.entries(urls).map(([id, url]) => ({ id, url })), ...more },
})

/** A text of so many characters that begins as no other name's does. */
export const longText = (name: string, chars: number): string =>
  Array.from({ length: Math.ceil(chars / 8) }, (_, index) => `${name}${index}`.slice(-7).padStart(7, name))
    .join(' ')
    .slice(0, chars)

/** A chat with a system prompt, which asks for the usage. */
export const asking = (
  model: string,
  system: string,
  question: string,
  more: Readonly<Record<string, unknown>> = {},
) => ({
  model,
  max_tokens: 4,
  messages: [
    { role: 'system', content: system },
    { role: 'user', content: question },
  ],
  ...more,
})

/** What a whole reply says of the choice and of its usage. */
export function toldOf({ status, headers, json }: Reply) {
  const usage = (json as { usage?: { prompt_tokens_details?: { cached_tokens?: number } } }).usage
  const [matched, blocks] = (headers['x-sluice-pool-match'] ?? '').split('/').map(Number)
  return {
    status,
    reason: headers['x-sluice-pool-reason'],
    matched,
    blocks,
    replica: headers['x-sluice-replica'],
    candidates: headers['x-sluice-pool-candidates'],
    cachedTokens: usage?.prompt_tokens_details?.cached_tokens,
  }
}
