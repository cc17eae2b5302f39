/** One question in the words of each skin, and the same read back from what each vendor's server was sent. */
import { pick } from '../support/http-client.ts'
import type { Json, SkinName } from '../support/skin-readers.ts'
import type { VendorName } from './skin-said.ts'
import type { Scenario } from './skin-scenarios.ts'

export const SYSTEM = 'Be brief.'
export const QUESTION = 'How is it in Paris?'
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const PIXEL_URL = `data:image/png;base64,${PIXEL}`
const TOOLS = ['get_weather', 'get_time']
const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } } }
export const OUTPUT_TOKENS = 4096

/** What is asked, whichever way. */
export interface Asked {
  readonly system: string
  readonly text: string
  readonly image: string | null
  readonly tools: readonly string[]
  readonly outputTokens: number
  readonly thinks: boolean
}

export const asked = ({ asks }: Scenario): Asked => ({
  system: SYSTEM,
  text: QUESTION,
  image: asks === 'image' ? PIXEL : null,
  tools: asks === 'tools' ? TOOLS : [],
  outputTokens: OUTPUT_TOKENS,
  thinks: asks === 'reasoning',
})

/** The request in a skin. */
export function ask(skin: SkinName, model: string, { asks }: Scenario, stream: boolean): Json {
  const streamed = stream ? { stream } : {}
  switch (skin) {
    case 'chat':
      return {
        model,
        messages: [
          { role: 'system', content: SYSTEM },
          {
            role: 'user',
            content:
              asks === 'image'
                ? [
                    { type: 'text', text: QUESTION },
                    { type: 'image_url', image_url: { url: PIXEL_URL } },
                  ]
                : QUESTION,
          },
        ],
        max_completion_tokens: OUTPUT_TOKENS,
        ...(asks === 'tools'
          ? { tools: TOOLS.map((name) => ({ type: 'function', function: { name, parameters: PARAMETERS } })) }
          : {}),
        ...(asks === 'reasoning' ? { reasoning_effort: 'medium' } : {}),
        ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
      }
    case 'messages':
      return {
        model,
        system: SYSTEM,
        messages: [
          {
            role: 'user',
            content:
              asks === 'image'
                ? [
                    { type: 'text', text: QUESTION },
                    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
                  ]
                : QUESTION,
          },
        ],
        max_tokens: OUTPUT_TOKENS,
        ...(asks === 'tools' ? { tools: TOOLS.map((name) => ({ name, input_schema: PARAMETERS })) } : {}),
        ...(asks === 'reasoning' ? { thinking: { type: 'enabled', budget_tokens: OUTPUT_TOKENS / 2 } } : {}),
        ...streamed,
      }
    case 'responses':
      return {
        model,
        instructions: SYSTEM,
        input:
          asks === 'image'
            ? [
                {
                  role: 'user',
                  content: [
                    { type: 'input_text', text: QUESTION },
                    { type: 'input_image', image_url: PIXEL_URL, detail: 'auto' },
                  ],
                },
              ]
            : QUESTION,
        max_output_tokens: OUTPUT_TOKENS,
        ...(asks === 'tools'
          ? { tools: TOOLS.map((name) => ({ type: 'function', name, parameters: PARAMETERS, strict: false })) }
          : {}),
        ...(asks === 'reasoning' ? { reasoning: { effort: 'medium' } } : {}),
        ...streamed,
      }
  }
}

const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : [])
/** Texts of a content that is a string or parts with texts. */
const textIn = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : list(content)
        .map(({ text }) => text ?? '')
        .join('')
const inline = (url: unknown): string | null =>
  typeof url === 'string' && url.startsWith('data:image/png;base64,') ? (url.split(',')[1] ?? null) : null
const named = (tools: unknown, ...path: (string | number)[]): string[] =>
  list(tools).map((tool) => String(pick(tool, ...path)))

/** What a vendor's server was asked. */
export const READ: Readonly<Record<VendorName, (body: Json) => Asked>> = {
  openai: (body) => {
    const content = pick(body, 'messages', 1, 'content')
    return {
      system: textIn(pick(body, 'messages', 0, 'content')),
      text: textIn(content),
      image: inline(pick(content, 1, 'image_url', 'url')),
      tools: named(body.tools, 'function', 'name'),
      outputTokens: Number(body.max_completion_tokens ?? body.max_tokens),
      thinks: body.reasoning_effort === 'medium',
    }
  },
  anthropic: (body) => {
    const content = pick(body, 'messages', 0, 'content')
    return {
      system: textIn(body.system),
      text: textIn(content),
      image: (pick(content, 1, 'source', 'data') as string | undefined) ?? null,
      tools: named(body.tools, 'name'),
      outputTokens: Number(body.max_tokens),
      thinks: pick(body, 'thinking', 'type') === 'enabled',
    }
  },
  google: (body) => {
    const parts = pick(body, 'contents', 0, 'parts')
    return {
      system: textIn(pick(body, 'systemInstruction', 'parts')),
      text: textIn(parts),
      image: (pick(parts, 1, 'inlineData', 'data') as string | undefined) ?? null,
      tools: list(body.tools).flatMap(({ functionDeclarations }) => named(functionDeclarations, 'name')),
      outputTokens: Number(pick(body, 'generationConfig', 'maxOutputTokens')),
      thinks: pick(body, 'generationConfig', 'thinkingConfig', 'includeThoughts') === true,
    }
  },
  responses: (body) => {
    const content = typeof body.input === 'string' ? body.input : pick(body, 'input', 0, 'content')
    return {
      system: String(body.instructions),
      text: textIn(content),
      image: inline(pick(content, 1, 'image_url')),
      tools: named(body.tools, 'name'),
      outputTokens: Number(body.max_output_tokens),
      thinks: pick(body, 'reasoning', 'effort') === 'medium',
    }
  },
}

/** Where each vendor's server is asked, under its base URL. */
export const ENDPOINTS: Readonly<Record<VendorName, (stream: boolean) => string>> = {
  openai: () => '/chat/completions',
  anthropic: () => '/messages',
  google: (stream) => `/models/m:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  responses: () => '/responses',
}
