/** What the suites of Messages have in common: targets of three protocols behind an emulator of them, and a scripted origin. */
import { LLMock } from '@copilotkit/aimock'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'

/** The protocols that targets speak: each is an alias too, of a target in the emulator. */
export const KINDS = ['openai', 'anthropic', 'google'] as const

/** A pixel and a page, in base64. */
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
export const PAGE = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF').toString(
  'base64',
)

/** Usage by each protocol's own names; the emulator reports none unless told. */
const usage = {
  ...{ input_tokens: 21, output_tokens: 9, promptTokenCount: 21, candidatesTokenCount: 9 },
  ...{ prompt_tokens: 21, completion_tokens: 9, total_tokens: 30 },
}
const call = (city: string, id: string) => ({ name: 'get_weather', arguments: JSON.stringify({ city }), id })

/** An emulator of all three that answers some questions. */
export async function startEmulator(): Promise<LLMock> {
  const emulator = new LLMock({ port: 0, logLevel: 'silent' })
  emulator
    .onMessage('hello', { content: 'Hello from the other side.', usage })
    .on({ userMessage: 'weather', hasToolResult: false }, { toolCalls: [call('Paris', 'toolu_1')], usage })
    .on({ userMessage: 'weather', hasToolResult: true }, { content: 'It rains in Paris.', usage })
    .on(
      { userMessage: 'both cities', hasToolResult: false },
      { toolCalls: [call('Paris', 'toolu_a'), call('Rome', 'toolu_b')], usage },
    )
    .on({ userMessage: 'both cities', hasToolResult: true }, { content: 'Rain here, sun there.', usage })
    .onMessage('picture', { content: 'A single pixel.', usage })
    .onMessage('page', { content: 'An empty page.', usage })
    .onMessage('think', { content: 'Four.', reasoning: 'Two and two.', usage })
    .onMessage('at length', { content: 'Cut', finishReason: 'length', usage })
    .onMessage('biggest city', { content: '{"city":"Paris","people":2100000}', usage })
    .onMessage('limited', { error: { message: 'slow down', type: 'rate_limit_error' }, status: 429 })
  await emulator.start()
  return emulator
}

/** Who speaks what, by the name of its script at the origin, which is its provider's and its alias's too. */
export type Speakers = Readonly<Record<string, (typeof KINDS)[number]>>

export interface MessagesSetup {
  readonly origin: ScriptedOrigin
  readonly sluice: TestSluice
  readonly emulator: LLMock
  readonly stop: () => Promise<void>
}

/** A Sluice whose aliases are the emulator's protocols, the origin's scripts, and `models`: names of those in turn. */
export async function setUpMessages(
  speakers: Speakers,
  models: Readonly<Record<string, readonly string[]>> = {},
  tenants: readonly { readonly id: string; readonly models?: readonly string[] }[] = [],
): Promise<MessagesSetup> {
  const origin = await ScriptedOrigin.start()
  const emulator = await startEmulator()
  const paths = { openai: '/v1', anthropic: '/v1', google: '/v1beta' }
  const providers = Object.fromEntries([
    ...KINDS.map((kind) => [kind, { protocol: kind, baseUrl: emulator.url + paths[kind], credential: 'key' }] as const),
    ...Object.entries(speakers).map(
      ([name, protocol]) => [name, { protocol, baseUrl: origin.url(name), credential: 'key' }] as const,
    ),
  ])
  const named = { anthropic: 'claude-sonnet-4-5', google: 'gemini-2.5-flash', openai: 'o4-mini' } as const
  const targetOf = (provider: string) => {
    const kind = KINDS.find((one) => one === provider)
    return {
      provider,
      model: kind === undefined ? `real-${provider}` : named[kind],
      maxOutputTokens: 1024,
      price: { input: 3, output: 15 },
    }
  }
  const aliases = Object.fromEntries([
    ...Object.keys(providers).map((name) => [name, [name]] as const),
    ...Object.entries(models),
  ])
  const sluice = await setUp({
    credentials: { key: 'sk-of-the-operator' },
    config: {
      providers,
      models: Object.fromEntries(
        Object.entries(aliases).map(([alias, names]) => [alias, { targets: names.map(targetOf), retries: 0 }]),
      ),
    },
    tenants: [{ id: 'app' }, ...tenants],
  })
  return {
    origin,
    sluice,
    emulator,
    stop: async () => {
      await sluice.stop()
      await Promise.all([origin.close(), emulator.stop()])
    },
  }
}
