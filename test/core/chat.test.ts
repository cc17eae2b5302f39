/** What is checked of an inference request before the path, and how a field at fault is named. */
import { describe, expect, it } from 'vitest'
import { chatRequestSchema, completionsRequestSchema, embeddingsRequestSchema, paramOf } from '../../src/core/chat.ts'

const message = { role: 'user', content: 'hello' }
const chat = (more: object) => ({ model: 'm', messages: [message], ...more })

/** The parameter that the first fault names; null when there is none. */
function faultOf(
  schema: typeof chatRequestSchema | typeof completionsRequestSchema | typeof embeddingsRequestSchema,
  body: unknown,
) {
  const parsed = schema.safeParse(body)
  return parsed.success ? null : paramOf(parsed.error.issues[0]?.path ?? [])
}

describe('chat requests', () => {
  it('pass with fields that nobody knows, untouched', () => {
    const body = chat({
      seed: 7,
      vendor_field: { deep: [1] },
      messages: [
        { ...message, name: 'ann' },
        { role: 'assistant', content: null, tool_calls: [{ id: 'c' }] },
        { role: 'tool' },
      ],
      tools: [{ type: 'function', function: { name: 'f' }, cache: true }],
      stream_options: { include_usage: true, include_obfuscation: false },
    })
    expect(chatRequestSchema.parse(body)).toEqual(body)
  })

  it('take null where OpenAI does', () => {
    const nothing = {
      stream: null,
      stream_options: null,
      max_tokens: null,
      max_completion_tokens: null,
      n: null,
      temperature: null,
      top_p: null,
      stop: null,
      tools: null,
    }
    expect(faultOf(chatRequestSchema, chat(nothing))).toBeNull()
    expect(
      faultOf(chatRequestSchema, chat({ messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }] }] })),
    ).toBeNull()
  })

  it.each([
    [{ model: undefined }, 'model'],
    [{ model: '' }, 'model'],
    [{ model: 'm'.repeat(129) }, 'model'],
    [{ messages: [] }, 'messages'],
    [{ messages: 'hello' }, 'messages'],
    [{ messages: [message, { content: 'a' }] }, 'messages[1].role'],
    [{ messages: [{ role: '', content: 'a' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: 7 }] }, 'messages[0].content'],
    [{ stream: 'yes' }, 'stream'],
    [{ stream_options: { include_usage: 1 } }, 'stream_options.include_usage'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ max_completion_tokens: 1.5 }, 'max_completion_tokens'],
    [{ n: 0 }, 'n'],
    [{ n: 129 }, 'n'],
    [{ temperature: -0.1 }, 'temperature'],
    [{ top_p: 1.1 }, 'top_p'],
    [{ stop: [1] }, 'stop'],
    [{ tools: [{}] }, 'tools[0].type'],
  ])('%j is at fault in %s', (more, param) => {
    expect(faultOf(chatRequestSchema, chat(more))).toBe(param)
  })
})

describe('completions requests', () => {
  it.each([
    [{ prompt: 'a' }, null],
    [{ prompt: [[1, 2], [3]], echo: true }, null],
    [{}, 'prompt'],
    [{ prompt: 1 }, 'prompt'],
    [{ prompt: 'a', max_tokens: -1 }, 'max_tokens'],
    [{ prompt: 'a', n: 0 }, 'n'],
    [{ prompt: 'a', stream: 1 }, 'stream'],
  ])('%j: %s', (more, param) => {
    expect(faultOf(completionsRequestSchema, { model: 'm', ...more })).toBe(param)
  })
})

describe('embeddings requests', () => {
  it.each([
    [{ input: 'a', user: 'u' }, null],
    [{ input: [1, 2], encoding_format: 'base64', dimensions: 8 }, null],
    [{ input: [] }, 'input'],
    [{}, 'input'],
    [{ input: 'a', encoding_format: 'hex' }, 'encoding_format'],
    [{ input: 'a', dimensions: 0 }, 'dimensions'],
  ])('%j: %s', (more, param) => {
    expect(faultOf(embeddingsRequestSchema, { model: 'm', ...more })).toBe(param)
  })
})

it.each([
  [[], ''],
  [['model'], 'model'],
  [['messages', 0, 'content', 1, 'type'], 'messages[0].content[1].type'],
  [[0, 'a'], '[0].a'],
])('%j is %s', (path, param) => {
  expect(paramOf(path)).toBe(param)
})

it('lets a completion ask for no token at all: its prompt is scored', () => {
  const scored = { model: 'm', prompt: 'a', echo: true, max_tokens: 0 }
  expect(completionsRequestSchema.parse(scored)).toEqual(scored)
})
