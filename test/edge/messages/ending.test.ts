/** Why a message stopped and what it took, in Anthropic's words. */
import { describe, expect, it } from 'vitest'
import { stopOf, usageOf } from '../../../src/edge/messages/ending.ts'

describe('stopOf', () => {
  it.each([
    [{ finish_reason: 'stop' }, false, 'end_turn', null],
    [{ finish_reason: 'length' }, false, 'max_tokens', null],
    [{ finish_reason: 'length' }, true, 'max_tokens', null],
    [{ finish_reason: 'tool_calls' }, true, 'tool_use', null],
    [{ finish_reason: 'stop' }, true, 'tool_use', null],
    [{ finish_reason: 'content_filter' }, false, 'refusal', null],
    [{ finish_reason: 'eos' }, false, 'end_turn', null],
    [{}, false, 'end_turn', null],
    [{ finish_reason: 'stop', stop_sequence: 'END' }, false, 'stop_sequence', 'END'],
    [{ finish_reason: 'stop', stop_reason: 'END' }, false, 'stop_sequence', 'END'],
    [{ finish_reason: 'stop', matched_stop: 'END' }, false, 'stop_sequence', 'END'],
    [{ finish_reason: 'stop', stop_reason: null, matched_stop: 151645 }, false, 'end_turn', null],
    [{ finish_reason: 'stop', stop_reason: 128009 }, false, 'end_turn', null],
  ])('%j, calls %j: %s', (choice, hasCalls, stop_reason, stop_sequence) => {
    expect(stopOf(choice, hasCalls)).toEqual({ stop_reason, stop_sequence })
  })
})

describe('usageOf', () => {
  it('takes what was read from a cache and written to it out of the prompt', () => {
    const usage = {
      prompt_tokens: 111,
      completion_tokens: 7,
      prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 10 },
      completion_tokens_details: { reasoning_tokens: 3 },
    }
    expect(usageOf(usage)).toEqual({
      input_tokens: 1,
      cache_creation_input_tokens: 10,
      cache_read_input_tokens: 100,
      output_tokens: 7,
      output_tokens_details: { thinking_tokens: 3 },
    })
  })

  it.each([null, undefined, {}])('of %j all counts are there', (usage) => {
    const none = { input_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 0 }
    expect(usageOf(usage)).toEqual(none)
  })
})
