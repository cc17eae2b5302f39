/** The Directory over its Durable Object: for the request path with a short deadline, for the admin API with a long one. */
import { ADMIN_OBJECT_CALL_MS, OBJECT_CALL_MS } from '../../core/limits.ts'
import { directoryStub } from '../../lib/object-places.ts'
import type { DirectoryObject } from '../../objects/directory.ts'
import type { Directory, DirectoryAdmin } from '../types.ts'
import { type CallTools, callObject, type Remote } from './object-call.ts'

type Namespace = DurableObjectNamespace<DirectoryObject>
type Question<R> = (object: Remote<DirectoryObject>) => Promise<R>

/** As the request path uses it: every question may be asked twice. */
export function createDirectory(namespace: Namespace, tools: CallTools): Directory {
  const rules = { deadlineMs: OBJECT_CALL_MS, repeatable: true }
  const ask = <R>(question: Question<R>): Promise<R> =>
    callObject(tools, rules, () => directoryStub<DirectoryObject>(namespace) as unknown as DirectoryObject, question)
  return {
    snapshot: (knownRevision) => ask((object) => object.snapshot(knownRevision)),
    place: (tenantId) => ask((object) => object.place(tenantId)),
    ensurePepper: (candidate) => ask((object) => object.ensurePepper(candidate)),
  }
}

/** As the admin API uses it. A change is asked for once: a second answer would be that of a repetition. */
export function createDirectoryAdmin(namespace: Namespace, tools: CallTools): DirectoryAdmin {
  const asking =
    (repeatable: boolean) =>
    <R>(question: Question<R>): Promise<R> =>
      callObject(
        tools,
        { deadlineMs: ADMIN_OBJECT_CALL_MS, repeatable },
        () => directoryStub<DirectoryObject>(namespace) as unknown as DirectoryObject,
        question,
      )
  const ask = asking(true)
  const change = asking(false)
  return {
    config: () => ask((object) => object.config()),
    applyConfig: (document, options) => change((object) => object.applyConfig(document, options)),
    configVersions: (after, limit) => ask((object) => object.configVersions(after, limit)),
    rollback: (version, actor) => change((object) => object.rollback(version, actor)),
    credentials: () => ask((object) => object.credentials()),
    nextCredentialVersion: (name) => ask((object) => object.nextCredentialVersion(name)),
    putCredential: (name, record, actor) => change((object) => object.putCredential(name, record, actor)),
    deleteCredential: (name, actor) => change((object) => object.deleteCredential(name, actor)),
    sealedRecords: () => ask((object) => object.sealedRecords()),
    replaceSealed: (name, before, after) => change((object) => object.replaceSealed(name, before, after)),
    createTenant: (tenant, actor) => change((object) => object.createTenant(tenant, actor)),
    tenants: (after, limit) => ask((object) => object.tenants(after, limit)),
    place: (tenantId) => ask((object) => object.place(tenantId)),
    deleteTenant: (tenantId, actor) => change((object) => object.deleteTenant(tenantId, actor)),
    audit: (after, limit) => ask((object) => object.audit(after, limit)),
    appendAudit: (entries) => ask((object) => object.appendAudit(entries)),
  }
}
