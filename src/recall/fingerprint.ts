/** What the key of a kept answer is the MAC of: whose it is, whose answers count, and what was asked. No I/O. */
import type { InferenceRequest } from '../core/inference.ts'
import { apartText } from '../core/recall/apart.ts'
import { canonicalScope, canonicalText } from '../core/recall/canonical.ts'
import type { Model } from '../core/snapshot.ts'
import { type Caller, ownerOf } from '../core/tenant.ts'

type Asked = Pick<InferenceRequest, 'operation' | 'body' | 'native' | 'user'>
type Asker = Pick<Caller, 'tenantId' | 'generation'> & { readonly key: Pick<Caller['key'], 'id'> }

/** The text to be MACed for an exact key: equal exactly for requests that one answer may be given to. */
export function fingerprintText(request: Asked, model: Model, caller: Asker): string {
  return `${head('exact', request, model, caller)}\n${canonicalText(request.operation, request.body)}${apart(request)}`
}

/**
 * The text to be MACed for the scope of a question (see `questionOf`): the fingerprint but for the words of the last
 * user turn. Never equal to a fingerprint.
 */
export function scopeText(request: Asked, model: Model, caller: Asker): string {
  return `${head('scope', request, model, caller)}\n${canonicalScope(request.body)}${apart(request)}`
}

/** A line of its own: neither text before it has one. */
function apart({ native }: Asked): string {
  const text = apartText(native)
  return text === null ? '' : `\n${text}`
}

/** A JSON array: its parts cannot run into each other, nor, as it has no line end, into what follows. */
function head(use: string, { operation, user }: Asked, model: Model, caller: Asker): string {
  const { sharing = 'tenant', knowledgeVersion = null } = model.config.cache ?? {}
  const owner = ownerOf({ id: caller.tenantId, generation: caller.generation })
  const who = sharing === 'tenant' ? null : sharing === 'key' ? caller.key.id : (user ?? null)
  return JSON.stringify([use, owner, model.alias, answerers(model), operation, sharing, who, knowledgeVersion])
}

/**
 * Whose answers count: the first target's alone where the others may only stand in for it, else those of all targets,
 * in the config's order. `provider/model` each.
 */
export function answerers({ config, targets }: Pick<Model, 'config' | 'targets'>): readonly string[] {
  const isAlone = config.strategy === 'fallback' && config.cache?.standIn !== true
  return (isAlone ? targets.slice(0, 1) : targets).map((target) => target.id)
}
