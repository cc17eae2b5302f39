/** IndexObject: one per shard of a tenant's vectors. */
import { DurableObject } from 'cloudflare:workers'

export class IndexObject extends DurableObject<Env> {}
