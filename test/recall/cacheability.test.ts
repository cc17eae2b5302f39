/** What may be recalled, by table; and what of a chat is a question. */
import { describe, expect, it } from 'vitest'
import { type ConfigDocument, configSchema } from '../../src/core/config.ts'
import type { CacheMode, Operation } from '../../src/core/inference.ts'
import { SEMANTIC_QUESTION_CHARS_MAX } from '../../src/core/recall/limits.ts'
import { questionOf, recallable } from '../../src/recall/cacheability.ts'

type CacheDocument = NonNullable<NonNullable<ConfigDocument['models']>[string]['cache']>

/** A policy with its defaults. */
function policy(cache: CacheDocument | undefined) {
  const model = { targets: [{ provider: 'p', model: 'm' }], ...(cache === undefined ? {} : { cache }) }
  return configSchema.parse({ models: { m: model } }).models.m?.cache
}

const EXACT: CacheDocument = { exact: true }
const SEMANTIC: CacheDocument = { semantic: { enabled: true } }

interface Given {
  readonly cache?: CacheDocument | null
  readonly operation?: Operation
  readonly mode?: CacheMode
  readonly user?: string
  readonly body?: Record<string, unknown>
}

const decide = ({ cache = EXACT, operation = 'chat', mode, user, body = {} }: Given) =>
  recallable({ operation, body, user, cacheMode: mode }, policy(cache ?? undefined))

const FUNCTION = { type: 'function', function: { name: 'f' } }
const allowed = (mode: string) => ({ type: 'allowed_tools', allowed_tools: { mode, tools: [FUNCTION] } })

describe('recallable', () => {
  it.each<[string, Given, { read: boolean; write: boolean; exact?: boolean } | string]>([
    ['no cache at all', { cache: null }, 'no-cache'],
    ['a cache that does nothing', { cache: {} }, 'no-cache'],
    ['exact', {}, { read: true, write: true }],
    [
      'by meaning alone, cool',
      { cache: SEMANTIC, body: { temperature: 0 } },
      { read: true, write: true, exact: false },
    ],
    ['by meaning alone, no temperature', { cache: SEMANTIC }, 'temperature'],
    ['by meaning alone, null', { cache: SEMANTIC, body: { temperature: null } }, 'temperature'],
    [
      'by meaning alone, completions',
      { cache: SEMANTIC, operation: 'completions', body: { temperature: 0 } },
      'no-cache',
    ],
    ['by meaning alone, embeddings', { cache: SEMANTIC, operation: 'embeddings' }, 'no-cache'],
    ['embeddings', { operation: 'embeddings' }, { read: true, write: true }],
    [
      'embeddings with a temperature',
      { operation: 'embeddings', body: { temperature: 2 } },
      { read: true, write: true },
    ],

    ['auto', { mode: 'auto' }, { read: true, write: true }],
    ['refresh', { mode: 'refresh' }, { read: false, write: true }],
    ['no-store', { mode: 'no-store' }, { read: true, write: false }],
    ['off', { mode: 'off' }, 'off'],
    ['off without a cache', { mode: 'off', cache: null }, 'no-cache'],

    ['n 1', { body: { n: 1 } }, { read: true, write: true }],
    ['n null', { body: { n: null } }, { read: true, write: true }],
    ['n 2', { body: { n: 2 } }, 'several-choices'],
    ['n 2 and auto', { mode: 'auto', body: { n: 2 } }, 'several-choices'],
    ['best_of 2', { operation: 'completions', body: { best_of: 2 } }, 'several-choices'],
    ['best_of null', { operation: 'completions', body: { best_of: null } }, { read: true, write: true }],
    ['best_of of a chat', { body: { best_of: 2 } }, { read: true, write: true }],

    ['temperature 0', { body: { temperature: 0 } }, { read: true, write: true }],
    ['temperature 0.3', { body: { temperature: 0.3 } }, { read: true, write: true }],
    ['temperature null', { body: { temperature: null } }, { read: true, write: true }],
    ['temperature 0.31', { body: { temperature: 0.31 } }, 'temperature'],
    ['temperature 1', { body: { temperature: 1 } }, 'temperature'],
    ['temperature 1, completions', { operation: 'completions', body: { temperature: 1 } }, 'temperature'],
    ['temperature 1 and auto', { mode: 'auto', body: { temperature: 1 } }, { read: true, write: true }],
    ['no temperature, meaning, auto', { mode: 'auto', cache: SEMANTIC }, { read: true, write: true, exact: false }],
    ['temperature 1 and refresh', { mode: 'refresh', body: { temperature: 1 } }, 'temperature'],
    ['temperature 1 and no-store', { mode: 'no-store', body: { temperature: 1 } }, 'temperature'],

    ['tool_choice auto', { body: { tool_choice: 'auto' } }, { read: true, write: true }],
    ['tool_choice none', { body: { tool_choice: 'none' } }, { read: true, write: true }],
    ['tool_choice null', { body: { tool_choice: null } }, { read: true, write: true }],
    ['tool_choice required', { body: { tool_choice: 'required' } }, 'forced-tool'],
    ['tool_choice any (Mistral)', { body: { tool_choice: 'any' } }, 'forced-tool'],
    ['tool_choice of a function', { body: { tool_choice: FUNCTION } }, 'forced-tool'],
    [
      'tool_choice of a custom tool',
      { body: { tool_choice: { type: 'custom', custom: { name: 'c' } } } },
      'forced-tool',
    ],
    ['allowed tools, auto', { body: { tool_choice: allowed('auto') } }, { read: true, write: true }],
    ['allowed tools, required', { body: { tool_choice: allowed('required') } }, 'forced-tool'],
    [
      'allowed tools, malformed',
      { body: { tool_choice: { type: 'allowed_tools', allowed_tools: null } } },
      'forced-tool',
    ],
    ['function_call auto', { body: { function_call: 'auto' } }, { read: true, write: true }],
    ['function_call of a name', { body: { function_call: { name: 'f' } } }, 'forced-tool'],
    ['forced, and auto', { mode: 'auto', body: { tool_choice: 'required' } }, 'forced-tool'],
    [
      'forced, where the model lets it',
      { cache: { exact: true, forcedTools: true }, body: { tool_choice: 'required', function_call: { name: 'f' } } },
      { read: true, write: true },
    ],

    ['per user, without one', { cache: { exact: true, sharing: 'user' } }, 'no-user'],
    ['per user', { cache: { exact: true, sharing: 'user' }, user: 'u' }, { read: true, write: true }],
    ['per user, OpenAI’s field', { cache: { exact: true, sharing: 'user' }, body: { user: 'u' } }, 'no-user'],
    ['per key, without a user', { cache: { exact: true, sharing: 'key' } }, { read: true, write: true }],
    ['audio', { body: { modalities: ['text', 'audio'], audio: { voice: 'a' } } }, 'audio'],
    ['text alone', { body: { modalities: ['text'] } }, { read: true, write: true }],
    ['store', { body: { store: true } }, { read: true, write: true }],
  ])('%s', (_, given, expected) => {
    const verdict =
      typeof expected === 'string'
        ? { read: false, write: false, exact: false, reason: expected }
        : { exact: true, ...expected, reason: null }
    expect(decide(given)).toEqual(verdict)
  })
})

describe('questionOf', () => {
  const ask = (content: unknown, role = 'user') =>
    questionOf({
      operation: 'chat',
      body: {
        messages: [
          { role: 'system', content: 's' },
          { role, content },
        ],
      },
    })
  const text = (words: string, more: object = {}) => ({ type: 'text', text: words, ...more })

  it.each<[string, unknown, string]>([
    ['a text', 'Where is it?', 'Where is it?'],
    ['a part', [text('Where is it?')], 'Where is it?'],
    ['parts', [text('a', { cache_control: {} }), text('b')], 'a\nb'],
    ['as long as may be', 'x'.repeat(SEMANTIC_QUESTION_CHARS_MAX), 'x'.repeat(SEMANTIC_QUESTION_CHARS_MAX)],
  ])('is %s', (_, content, question) => {
    expect(ask(content)).toEqual({ question, reason: null })
  })

  it.each<[unknown, string]>([
    ['x'.repeat(SEMANTIC_QUESTION_CHARS_MAX + 1), 'too-long'],
    ['', 'empty'],
    [' \n', 'empty'],
    [[], 'empty'],
    [null, 'not-text'],
    [undefined, 'not-text'],
    [[text('a'), { type: 'image_url', image_url: { url: 'data:' } }], 'not-text'],
    [[{ type: 'input_audio', input_audio: {} }], 'not-text'],
    [[{ type: 'text' }], 'not-text'],
    [['a'], 'not-text'],
  ])('is not in %j', (content, reason) => {
    expect(ask(content)).toEqual({ question: null, reason })
  })

  it('is a user’s last turn of a chat', () => {
    expect(ask('a', 'tool').reason).toBe('no-user-turn')
    expect(ask('a', 'assistant').reason).toBe('no-user-turn')
    expect(questionOf({ operation: 'chat', body: { messages: [] } }).reason).toBe('no-user-turn')
    expect(questionOf({ operation: 'completions', body: { prompt: 'a' } }).reason).toBe('not-chat')
    expect(questionOf({ operation: 'embeddings', body: { input: 'a' } }).reason).toBe('not-chat')
  })
})

it('passes by what only one protocol can say, and what counts tokens', () => {
  const native = { form: 'messages', body: {}, headers: {}, dropped: [] } as const
  const asked = { operation: 'chat', body: {}, user: undefined, cacheMode: undefined } as const
  expect(recallable({ ...asked, native }, policy(EXACT)).reason).toBeNull()
  const unsayable = { param: 'tools', message: 'No.' }
  expect(recallable({ ...asked, native: { ...native, unsayable } }, policy(EXACT)).reason).toBe('one-protocol')
  expect(recallable({ ...asked, operation: 'count_tokens' }, policy(EXACT)).reason).toBe('no-cache')
  expect(recallable({ ...asked, operation: 'relay' }, policy(EXACT)).reason).toBe('no-cache')
})
