/** CacheObject: one per shard of a tenant's cache, named `<id>.<generation>.<shard>`. */
import { DurableObject } from 'cloudflare:workers'

export class CacheObject extends DurableObject<Env> {}
