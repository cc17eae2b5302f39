/** UserObject: one per end user of a tenant, named `<tenant>.<generation>.<user id>`. */
import { DurableObject } from 'cloudflare:workers'

export class UserObject extends DurableObject<Env> {}
