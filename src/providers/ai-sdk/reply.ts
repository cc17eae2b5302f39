/** A whole AI SDK result → OpenAI's `chat.completion` JSON. No I/O. */
import type { LanguageModelV4Content, LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import { detailOf } from './bound.ts'
import { openaiFinishReason } from './finish-reason.ts'
import { signatureField } from './signature.ts'
import { openaiUsage } from './usage.ts'

/** What a reply says of itself besides its content. */
export interface Heading {
  /** Used where the provider names none. */
  readonly id: string
  /** Seconds since the epoch. */
  readonly created: number
  readonly model: string
}

/** Null when the provider gave no answer: it gave up, or said nothing and not why. */
export function chatCompletion(result: LanguageModelV4GenerateResult, heading: Heading): object | null {
  const calls = result.content.filter(isCall)
  const finishReason = openaiFinishReason(result.finishReason, calls.length > 0)
  if (finishReason === null || (result.content.length === 0 && result.finishReason.raw === undefined)) return null
  const reasoning = textOf(result.content, 'reasoning')
  const details = result.content.flatMap((part) =>
    part.type === 'reasoning' ? (detailOf(part.text, part.providerMetadata) ?? []) : [],
  )
  const text = textOf(result.content, 'text')
  const usage = openaiUsage(result.usage)
  return {
    id: result.response?.id ?? heading.id,
    object: 'chat.completion',
    created: heading.created,
    model: result.response?.modelId ?? heading.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text === '' && calls.length > 0 ? null : text,
          refusal: null,
          ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
          ...(details.length === 0 ? {} : { reasoning_details: details }),
          ...(calls.length === 0 ? {} : { tool_calls: toolCalls(result.content, calls, finishReason === 'length') }),
        },
        logprobs: null,
        finish_reason: finishReason,
      },
    ],
    ...(usage === null ? {} : { usage }),
  }
}

type Call = Extract<LanguageModelV4Content, { type: 'tool-call' }>

/** Calls that the provider ran itself are no business of the caller's. */
const isCall = (part: LanguageModelV4Content): part is Call =>
  part.type === 'tool-call' && part.providerExecuted !== true

function textOf(content: readonly LanguageModelV4Content[], type: 'text' | 'reasoning'): string {
  return content.map((part) => (part.type === type ? part.text : '')).join('')
}

/** A call that was cut off arrives as `{}`: arguments that the model never wrote, so they are not passed on. */
function toolCalls(content: readonly LanguageModelV4Content[], calls: readonly Call[], isCut: boolean): object[] {
  return calls.map((call) => ({
    id: call.toolCallId,
    type: 'function',
    function: {
      name: call.toolName,
      arguments: isCut && call === content.at(-1) && call.input === '{}' ? '' : call.input,
    },
    ...signatureField(call.providerMetadata),
  }))
}
