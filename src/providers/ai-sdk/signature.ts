/** Thought signatures of tool calls, out to the caller and back. No I/O. */
// Gemini signs its calls and thinks worse when a signature does not come back, so it travels with the call where
// Google's own OpenAI endpoint puts it: `extra_content.google.thought_signature`. It is kept under Google's name, so
// that no other provider is ever sent it.
import type { SharedV4ProviderMetadata } from '@ai-sdk/provider'
import { isObject, stringOf } from './json.ts'

interface Signed {
  readonly extra_content: { readonly google: { readonly thought_signature: string } }
}

/** What a caller's tool call carries, as options of the prompt part. */
export function signatureOptions(call: unknown): { providerOptions?: { google: { thoughtSignature: string } } } {
  const extra = isObject(call) && isObject(call.extra_content) ? call.extra_content.google : undefined
  const thoughtSignature = isObject(extra) ? stringOf(extra.thought_signature) : undefined
  return thoughtSignature === undefined ? {} : { providerOptions: { google: { thoughtSignature } } }
}

/** What a model's tool call carries, as a field of the reply. */
export function signatureField(metadata: SharedV4ProviderMetadata | undefined): Signed | Record<never, never> {
  const signature = stringOf(metadata?.google?.thoughtSignature)
  return signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } }
}
