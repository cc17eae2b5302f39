/** Where objects live: their names, region and jurisdiction, in one place for everyone who calls one. No I/O. */

/** The one Directory of a deployment. */
const DIRECTORY_NAME = 'directory'

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
  return stubAt(namespace, place, `${place.id}.${place.generation}`)
}

/** A stub of one shard of what a tenant's objects of a class keep together; like a tenant's, for one call. */
export function shardStub<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  place: Place,
  shard: number,
): DurableObjectStub<T> {
  return stubAt(namespace, place, `${place.id}.${place.generation}.${shard}`)
}

/** A stub of an object of its own that a tenant's caller named, by the class's own ids; like a tenant's, for one call. */
export function ownedStub<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  place: Place,
  id: string,
): DurableObjectStub<T> {
  return stubAt(namespace, place, `${place.id}.${place.generation}.${id}`)
}

function stubAt<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  { jurisdiction, region }: Place,
  name: string,
): DurableObjectStub<T> {
  const within = jurisdiction === undefined ? namespace : restricted(namespace, jurisdiction)
  return within.get(
    within.idFromName(name),
    region === undefined ? {} : { locationHint: region as DurableObjectLocationHint },
  )
}

function restricted<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  jurisdiction: string,
): DurableObjectNamespace<T> {
  try {
    return namespace.jurisdiction(jurisdiction as DurableObjectJurisdiction)
  } catch (error) {
    // A workerd of one's own has one place only, and says so: there the whole deployment is where it is.
    if (error instanceof Error && error.message.includes('not implemented in workerd')) return namespace
    throw error
  }
}

/** A stub of the Directory; like a tenant's, for one call. */
export function directoryStub<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
): DurableObjectStub<T> {
  return namespace.get(namespace.idFromName(DIRECTORY_NAME))
}
