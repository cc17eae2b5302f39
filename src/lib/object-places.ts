/** Where objects live: their names, region and jurisdiction, in one place for everyone who calls one. No I/O. */

/** The one Directory of a deployment. */
export const DIRECTORY_NAME = 'directory'

interface Place {
  readonly id: string
  readonly generation: string
  readonly region?: string | undefined
  readonly jurisdiction?: string | undefined
}

/**
 * A stub of a tenant's object. Made anew for every call: a stub belongs to the request that made it. The generation
 * is in the name, so that a tenant made again under a known id sees nothing of the old one. Region and jurisdiction
 * count only when the object is first named, but the jurisdiction is part of its identity every time.
 */
export function tenantStub<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  place: Place,
): DurableObjectStub<T> {
  const { jurisdiction, region } = place
  const within =
    jurisdiction === undefined ? namespace : namespace.jurisdiction(jurisdiction as DurableObjectJurisdiction)
  return within.get(
    within.idFromName(`${place.id}.${place.generation}`),
    region === undefined ? {} : { locationHint: region as DurableObjectLocationHint },
  )
}

/** A stub of the Directory; like a tenant's, for one call. */
export function directoryStub<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
): DurableObjectStub<T> {
  return namespace.get(namespace.idFromName(DIRECTORY_NAME))
}
