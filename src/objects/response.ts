/** ResponseObject: one per response that is kept, named `<tenant>.<generation>.<response id>`. */
import { DurableObject } from 'cloudflare:workers'

export class ResponseObject extends DurableObject<Env> {}
