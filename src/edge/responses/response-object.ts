/** The response object: what a caller asked for, what became of it, and a whole chat completion written as one. No I/O. */
import { isObject, items } from '../../core/loose.ts'
import { responsesUsage } from '../../core/responses/usage.ts'
import type { Heading } from '../skin.ts'
import { OutputItems, UNTOLD } from './output-items.ts'

type Json = Readonly<Record<string, unknown>>

/** How far an answer has come. */
export interface ResponseState {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed'
  readonly output: readonly Json[]
  readonly usage: Json | null
  readonly incompleteReason?: string | null
  readonly error?: Json
}

/** `request` is the caller's own body: its settings come back as they were sent, or as the protocol has them unsent. */
export function responseOf(request: Json, heading: Heading, state: ResponseState): Json {
  const { status, output, usage, incompleteReason = null, error = null } = state
  return {
    id: `resp_${heading.id}`,
    object: 'response',
    created_at: heading.createdS,
    status,
    background: request.background === true,
    error,
    incomplete_details: incompleteReason === null ? null : { reason: incompleteReason },
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    model: heading.model,
    output,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    ...conversationOf(request.conversation),
    reasoning: { effort: null, summary: null, ...(isObject(request.reasoning) ? request.reasoning : {}) },
    store: request.store !== false,
    // Unsent, it is the target's own: which one that is, is not known here.
    temperature: request.temperature ?? null,
    text: { format: { type: 'text' }, ...(isObject(request.text) ? present(request.text) : {}) },
    tool_choice: request.tool_choice ?? 'auto',
    tools: items(request.tools),
    top_p: request.top_p ?? null,
    truncation: request.truncation ?? 'disabled',
    usage,
    user: request.user ?? null,
    metadata: request.metadata ?? {},
  }
}

/** What the reason of a chat's end makes of a response. */
export function endOf(finishReason: unknown): {
  readonly status: 'completed' | 'incomplete'
  readonly incompleteReason?: string
} {
  if (finishReason === 'length') return { status: 'incomplete', incompleteReason: 'max_output_tokens' }
  if (finishReason === 'content_filter') return { status: 'incomplete', incompleteReason: 'content_filter' }
  return { status: 'completed' }
}

/** A canonical `chat.completion` as the Response that it answers. */
export function wholeResponse(completion: Json, request: Json, heading: Heading): Json {
  return responseOf(request, heading, {
    ...outputOf(completion, request, heading.id),
    usage: responsesUsage(completion.usage),
  })
}

/** What a canonical `chat.completion` says, as output items, and how it ended. `id`: theirs are made of it. */
export function outputOf(
  completion: Json,
  request: Json,
  id: string,
): Pick<ResponseState, 'output' | 'incompleteReason'> & { readonly status: 'completed' | 'incomplete' } {
  const [choice] = items(completion.choices)
  const { message, logprobs, finish_reason: reason } = isObject(choice) ? choice : {}
  const output = new OutputItems(id, request, UNTOLD)
  if (isObject(message)) output.take(withIndexes(message), logprobs)
  const end = endOf(reason)
  return { ...end, output: output.end(end.status === 'completed') }
}

/** Calls in a whole message are told apart by their places. */
function withIndexes(message: Json): Json {
  const calls = items(message.tool_calls).filter(isObject)
  return calls.length === 0 ? message : { ...message, tool_calls: calls.map((call, index) => ({ ...call, index })) }
}

/** The conversation that it is of, where it is of one. */
function conversationOf(conversation: unknown): Json {
  const id = isObject(conversation) ? conversation.id : conversation
  return typeof id === 'string' ? { conversation: { id } } : {}
}

const present = (fields: Json): Json => Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null))
