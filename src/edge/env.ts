/** What Hono carries for a request at the edge: one variable, typed. */

/** The environment of the edge's Hono app. */
export interface EdgeEnv {
  Variables: {
    /** Ours, a UUID; on every reply as `x-request-id`. */
    requestId: string
  }
}
