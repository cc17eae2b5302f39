/** What the AI SDK says it left out of a call, under the names the caller knows. No I/O. */
import type { SharedV4Warning } from '@ai-sdk/provider'

const NAMES: Readonly<Record<string, string>> = {
  frequencyPenalty: 'frequency_penalty',
  presencePenalty: 'presence_penalty',
  seed: 'seed',
  temperature: 'temperature',
  topP: 'top_p',
  stopSequences: 'stop',
  responseFormat: 'response_format',
  maxOutputTokens: 'max_completion_tokens',
  reasoning: 'reasoning_effort',
  toolChoice: 'tool_choice',
  tools: 'tools',
}

/** Joins our own list with the SDK's warnings. Only `unsupported` means that something was left out or cut down. */
export function withWarnings(
  droppedParams: readonly string[],
  warnings: readonly SharedV4Warning[],
): readonly string[] {
  const names = warnings.flatMap((warning) => (warning.type === 'unsupported' ? (NAMES[warning.feature] ?? []) : []))
  return names.length === 0 ? droppedParams : [...new Set([...droppedParams, ...names])]
}
