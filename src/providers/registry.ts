/** The protocols of this build: one line each. */
import { aiSdkProvider, type SdkProtocol, type Surroundings } from './ai-sdk/bridge.ts'
import { withMessages } from './anthropic-messages.ts'
import { openaiProtocol } from './openai-protocol.ts'
import type { Provider } from './types.ts'

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
const anthropicKey = (key: string) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' })
const googleKey = (key: string) => ({ 'x-goog-api-key': key })

/** Declares an AI SDK provider: its name, the factory of its package, its own base URL, how it takes a key. */
export function sdk(
  name: string,
  load: SdkProtocol['load'],
  baseUrl?: string,
  authenticate: SdkProtocol['authenticate'] = bearer,
): SdkProtocol {
  return { name, load, baseUrl, authenticate }
}

// biome-ignore format: one line per protocol
const SDK_PROTOCOLS: readonly SdkProtocol[] = [
  sdk('anthropic', async (settings) => (await import('@ai-sdk/anthropic')).createAnthropic(settings), 'https://api.anthropic.com/v1', anthropicKey),
  sdk('google', async (settings) => (await import('@ai-sdk/google')).createGoogle(settings), 'https://generativelanguage.googleapis.com/v1beta', googleKey),
]

const SURROUNDINGS: Surroundings = {
  now: () => Date.now(),
  uniqueId: () => crypto.randomUUID().replaceAll('-', ''),
}

/** Protocol name → provider. Packages are loaded when a target of theirs is first called. */
export function providers(
  protocols: readonly SdkProtocol[] = SDK_PROTOCOLS,
  surroundings: Surroundings = SURROUNDINGS,
): ReadonlyMap<string, Provider> {
  const made = protocols.map((protocol): [string, Provider] => {
    const bridge = aiSdkProvider(protocol, surroundings)
    return [protocol.name, protocol.name === 'anthropic' ? withMessages(bridge) : bridge]
  })
  return new Map([['openai', openaiProtocol], ...made])
}

/** The names that a config may use. */
export const protocols: readonly string[] = ['openai', ...SDK_PROTOCOLS.map((protocol) => protocol.name)]
