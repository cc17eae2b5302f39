/** SessionObject: one per session, named `<tenant>.<generation>.<session id>`. */
import { DurableObject } from 'cloudflare:workers'

export class SessionObject extends DurableObject<Env> {}
