/** Prompt templates over their tenant's object: read by the request path, changed by the admin API. */
import { ADMIN_OBJECT_CALL_MS, OBJECT_CALL_MS } from '../../core/limits.ts'
import type { TemplateAsk, TemplateReplies } from '../../core/prompts/types.ts'
import { tenantStub } from '../../lib/object-places.ts'
import type { TenantObject } from '../../objects/tenant.ts'
import type { PromptAdmin, PromptStore, TenantPlace } from '../types.ts'
import { type CallRules, type CallTools, callObject } from './object-call.ts'

type Namespace = DurableObjectNamespace<TenantObject>
type AskOf<K extends keyof TemplateReplies> = Extract<TemplateAsk, { op: K }>

/** As the request path reads them. */
export function createPrompts(namespace: Namespace, tools: CallTools): PromptStore {
  const rules = { deadlineMs: OBJECT_CALL_MS, repeatable: true }
  return { template: (place, name, version) => asked(namespace, place, tools, rules, { op: 'read', name, version }) }
}

/** One tenant's, as the admin API uses them. A change is asked for once: a second answer would be that of a repetition. */
export function createPromptAdmin(namespace: Namespace, place: TenantPlace, tools: CallTools): PromptAdmin {
  const asking =
    (repeatable: boolean) =>
    <K extends keyof TemplateReplies>(ask: AskOf<K>): Promise<TemplateReplies[K]> =>
      asked(namespace, place, tools, { deadlineMs: ADMIN_OBJECT_CALL_MS, repeatable }, ask)
  const [ask, change] = [asking(true), asking(false)]
  return {
    put: (name, template, actor) => change<'put'>({ op: 'put', name, template, actor }),
    list: () => ask<'list'>({ op: 'list' }),
    read: (name, version) => ask<'read'>({ op: 'read', name, version }),
    versions: (name) => ask<'versions'>({ op: 'versions', name }),
    rollback: (name, version, actor) => change<'rollback'>({ op: 'rollback', name, version, actor }),
    delete: (name, actor) => change<'delete'>({ op: 'delete', name, actor }),
  }
}

/** It crosses as text, both ways: what a template's variables default to may be any JSON. */
async function asked<K extends keyof TemplateReplies>(
  namespace: Namespace,
  place: TenantPlace,
  tools: CallTools,
  rules: CallRules,
  ask: AskOf<K>,
): Promise<TemplateReplies[K]> {
  const stub = (): TenantObject => tenantStub<TenantObject>(namespace, place) as unknown as TenantObject
  const reply = await callObject(tools, rules, stub, (object) => object.prompts(JSON.stringify(ask)))
  return JSON.parse(reply) as TemplateReplies[K]
}
