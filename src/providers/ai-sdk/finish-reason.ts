/** AI SDK finish reason → OpenAI's. No I/O. */
import type { LanguageModelV4FinishReason } from '@ai-sdk/provider'

export type OpenaiFinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter'

/**
 * Null when the answer did not end properly: the provider gave up (`error`) or its stream just stopped
 * (`interrupted`). Reasons that OpenAI has no word for ended by the model's will: tool calls if it made any, else stop.
 */
export function openaiFinishReason(
  reason: LanguageModelV4FinishReason,
  hasToolCalls: boolean,
): OpenaiFinishReason | null {
  switch (reason.unified) {
    case 'stop':
      return 'stop'
    case 'length':
      return 'length'
    case 'content-filter':
      return 'content_filter'
    case 'tool-calls':
      return 'tool_calls'
    case 'other':
      return hasToolCalls ? 'tool_calls' : 'stop'
    case 'error':
    case 'interrupted':
      return null
  }
}
