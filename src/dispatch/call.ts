/** One upstream call: opens the credentials, and hands the request to the provider and to the replica it was bound to. */
import type { InferenceRequest } from '../core/inference.ts'
import { withoutForeign } from '../core/messages/bound.ts'
import { withoutForeignReasoning } from '../core/responses/bound.ts'
import { allOpen } from '../lib/all-open.ts'
import { type Fetcher, outgoingThrough } from '../lib/outgoing.ts'
import type { Provider, ProviderCall, ProviderReply } from '../providers/types.ts'
import type { CredentialRef } from '../route/credentials.ts'
import type { Candidate } from '../route/route.ts'
import type { Vault } from '../vault/types.ts'
import type { ReplicaLease } from './replica.ts'

/** What a call needs of the services. */
export interface CallServices {
  readonly vault: Vault
  readonly providers: ReadonlyMap<string, Provider>
  readonly binding: (name: string) => Fetcher | undefined
}

/** Nothing can be called: a binding that the config names does not exist, or no such protocol does. */
export class NotCallable extends Error {}

/**
 * Calls a candidate. `use` runs while the secrets are open, so that it can blank them out of an error body; what it
 * returns must hold none of them.
 */
export async function call<T>(
  services: CallServices,
  candidate: Candidate,
  request: InferenceRequest,
  lease: ReplicaLease | null,
  signal: AbortSignal,
  use: (reply: ProviderReply, secrets: readonly string[]) => Promise<T>,
): Promise<T> {
  const { target, credentials } = candidate
  const provider = services.providers.get(target.provider.protocol)
  if (provider === undefined) throw new NotCallable(`no protocol ${target.provider.protocol}`)
  const binding = lease?.replica.binding
  const through = binding === undefined ? lease?.through : services.binding(binding)
  if (binding !== undefined && through === undefined) throw new NotCallable(`no binding ${binding}`)
  const refs = [credentials.primary, ...credentials.headers.map(([, value]) => value)].filter(
    (value): value is CredentialRef => value !== null && typeof value !== 'string',
  )
  // Plaintext lives only as long as the call.
  const open = ({ owner, name, record }: CredentialRef, opened: (value: string) => Promise<T>): Promise<T> =>
    services.vault.use(owner, name, record, opened)
  return allOpen(refs, open, async (secrets) => {
    const opened = new Map(refs.map((ref, index) => [ref, secrets[index] ?? '']))
    const headers: Record<string, string> = {}
    for (const [name, value] of credentials.headers)
      headers[name] = typeof value === 'string' ? value : (opened.get(value) ?? '')
    if (request.traceparent !== undefined) headers.traceparent = request.traceparent
    const reply = await provider.call({
      operation: request.operation,
      baseUrl: lease?.replica.url ?? target.provider.baseUrl,
      model: target.model,
      body: request.body,
      ...nativeOf(candidate, request),
      ...(request.relay === undefined ? {} : { relay: request.relay }),
      keepsBound: candidate.keepsBound,
      ...(lease?.cacheSalt === undefined ? {} : { cacheSalt: lease.cacheSalt }),
      stream: request.stream,
      streamUsage: target.provider.streamUsage,
      betas: target.provider.betas,
      maxOutputTokens: candidate.outputCap ?? target.maxOutputTokens,
      outputCap: candidate.outputCap,
      credential: credentials.primary === null ? undefined : opened.get(credentials.primary),
      headers,
      outgoing: outgoingThrough(through),
      signal,
    })
    return use(reply, secrets)
  })
}

/** The request in its caller's words, where the target takes them; without what only another provider may be sent. */
function nativeOf(
  { isNative, keepsBound, target }: Candidate,
  { native: asked }: InferenceRequest,
): Pick<ProviderCall, 'native' | 'translated'> {
  if (asked === undefined) return {}
  if (!isNative) return { translated: target.provider.pool === undefined ? 'other' : 'pool' }
  const { body, dropped } = BOUND[asked.form](asked.body, keepsBound)
  return { native: { ...asked, body, dropped } }
}

const BOUND = { messages: withoutForeign, responses: withoutForeignReasoning }
