/** What a whole reply has used where it does not say. No I/O. */
import { type InferenceRequest, promptBytes } from '../core/inference.ts'
import { BYTES_PER_TOKEN, NOTHING_USED, type Usage, usageEstimated } from '../core/usage.ts'

/** By the lengths of prompt and answer. To count tokens costs nothing. */
export function usageUnsaid(request: InferenceRequest, reply: Readonly<Record<string, unknown>>): Usage {
  if (request.operation === 'count_tokens') return NOTHING_USED
  return usageEstimated(promptBytes(request), tokensSaid(reply.choices ?? reply.content ?? reply.output))
}

/** Tokens of what is said, by the length of its texts; an embedding says nothing. */
function tokensSaid(parts: unknown): number {
  const said = Array.isArray(parts) ? parts.map((part) => part?.message ?? part?.text ?? part) : []
  return said.length === 0 ? 0 : Math.ceil(JSON.stringify(said).length / BYTES_PER_TOKEN)
}
