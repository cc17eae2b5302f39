/** Anthropic for callers who speak its protocol themselves: their JSON goes out, its bytes come back. */
import type { NativeRequest } from '../core/inference.ts'
import { matcher } from '../core/tenant.ts'
import { USER_AGENT } from '../lib/version.ts'
import { failureOf, failureReply, UNREADABLE } from './ai-sdk/errors.ts'
import { failureIn } from './ai-sdk/transport.ts'
import { PassedReply } from './passed-reply.ts'
import type { Provider, ProviderCall, ProviderReply } from './types.ts'

/** What is said where the caller names no version. */
const VERSION = '2023-06-01'
const VERSION_FORM = /^\d{4}-\d{2}-\d{2}$/

/**
 * The `anthropic-beta` values about one message that Anthropic documents, as of its SDK 1.14, and those of its own coding
 * agent. Not those by which other models answer, at other prices, nor of what is held between requests. Values of others
 * are not sent: at Bedrock or Vertex one that is not known there fails the request.
 */
const BETAS: readonly string[] = [
  'advanced-tool-use-*',
  'cache-diagnosis-*',
  'claude-code-*',
  'code-execution-*',
  'compact-*',
  'computer-use-*',
  'context-1m-*',
  'context-management-*',
  'dev-full-thinking-*',
  'effort-*',
  'extended-cache-ttl-*',
  'fast-mode-*',
  'files-api-*',
  'fine-grained-tool-streaming-*',
  'inline-tools-*',
  'interleaved-thinking-*',
  'max-tokens-*',
  'mcp-client-*',
  'message-batches-*',
  'mid-conversation-*',
  'model-context-window-exceeded-*',
  'output-128k-*',
  'output-300k-*',
  'pdfs-*',
  'prompt-caching-*',
  'skills-*',
  'structured-outputs-*',
  'task-budgets-*',
  'thinking-*',
  'token-counting-*',
  'token-efficient-tools-*',
  'web-fetch-*',
]

/** The bridge, and beside it the way past it for `native` calls and for counting tokens. */
export function withMessages(bridge: Provider): Provider {
  return {
    ...bridge,
    operations: [...bridge.operations, 'count_tokens'],
    natives: ['messages'],
    call: (call) => (call.native === undefined ? bridge.call(call) : native(bridge, call, call.native)),
  }
}

async function native(bridge: Provider, call: ProviderCall, asked: NativeRequest): Promise<ProviderReply> {
  const { model, signal, stream, outputCap } = call
  const isCount = call.operation === 'count_tokens'
  const reply = await call.outgoing({
    url: `${(call.baseUrl ?? bridge.defaultBaseUrl ?? '').replace(/\/$/, '')}/messages${isCount ? '/count_tokens' : ''}`,
    method: 'POST',
    headers: headersOf(call, asked, stream ? 'text/event-stream' : 'application/json'),
    body: JSON.stringify({ ...asked.body, model, ...capped(asked.body, isCount ? undefined : outputCap) }),
    signal,
  })
  if (reply.ok) return new PassedReply(reply, asked.dropped, 'messages')
  return failureReply(failureOf(await failureIn(reply), true) ?? UNREADABLE)
}

/** No more may come than is reserved. */
function capped({ max_tokens: asked }: NativeRequest['body'], outputCap: number | undefined) {
  return outputCap === undefined || (typeof asked === 'number' && asked <= outputCap) ? {} : { max_tokens: outputCap }
}

function headersOf(call: ProviderCall, { headers: theirs }: NativeRequest, accept: string): Record<string, string> {
  const version = theirs['anthropic-version'] ?? ''
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept,
    'user-agent': USER_AGENT,
    'anthropic-version': VERSION_FORM.test(version) ? version : VERSION,
  }
  if (call.credential !== undefined) headers['x-api-key'] = call.credential
  const isAllowed = matcher(call.betas ?? BETAS)
  const betas = (theirs['anthropic-beta'] ?? '')
    .split(',')
    .map((beta) => beta.trim())
    .filter((beta) => beta !== '' && isAllowed(beta))
  for (const name in call.headers) {
    const value = call.headers[name] as string
    // What the config sends is sent beside what the caller asks for.
    if (name.toLowerCase() === 'anthropic-beta') betas.unshift(value)
    else headers[name.toLowerCase()] = value
  }
  if (betas.length > 0) headers['anthropic-beta'] = [...new Set(betas)].join(',')
  return headers
}
