/** StreamObject: one per generation that may outlive its client, named `<tenant>.<generation>.<stream id>`. */
import { DurableObject } from 'cloudflare:workers'

export class StreamObject extends DurableObject<Env> {}
