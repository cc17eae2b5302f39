/** What the pool lane and its load say to each other. */

/** Conversations: each asks, reads, thinks, and asks again with all that was said. */
export interface ChatsJob {
  readonly kind: 'chats'
  readonly port: number
  /** One a tenant; conversation n is of tenant n modulo their number. */
  readonly tenants: readonly Readonly<Record<string, string>>[]
  /** Asked for in turn, request by request: one, or several for round-robin. */
  readonly models: readonly string[]
  readonly conversations: number
  /** Turns of one conversation: drawn between these, both included. */
  readonly turns: readonly [least: number, most: number]
  readonly systemTokens: number
  readonly questionTokens: number
  readonly answerTokens: number
  /** Mean time between an answer and the next question. */
  readonly thinkMs: number
  readonly seed: number
}

export interface ChatsResult {
  readonly requests: number
  readonly failures: number
  /** By the replicas' own word. */
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly firstMeanMs: number
  readonly firstP50Ms: number
  readonly firstP95Ms: number
}

/** Requests of one kind: at a steady mean rate whatever becomes of them, or so many at a time. */
export interface Flow {
  readonly name: string
  readonly model: string
  readonly headers: Readonly<Record<string, string>>
  readonly pace: { readonly perSecond: number } | { readonly atOnce: number }
  readonly promptTokens: number
  readonly answerTokens: number
}

/** Flows side by side. No two prompts have anything in common. */
export interface CrowdJob {
  readonly kind: 'crowd'
  readonly port: number
  readonly flows: readonly Flow[]
  readonly forMs: number
  /** Does whoever is refused come back, once, when it is told to? */
  readonly isPatient: boolean
  readonly seed: number
}

/** One request of a crowd. Times are since the beginning of the job. */
export interface Asked {
  readonly flow: string
  readonly atMs: number
  /** 0 where the connection broke. */
  readonly status: number
  /** To the first content, and to the end; NaN crosses IPC as null. */
  readonly firstMs: number | null
  readonly endMs: number
  /** Of a key with `debug: true`. */
  readonly replica: string | null
  readonly code: string | null
  readonly retryAfterMs: number | null
  /** Had it been refused, and come back? */
  readonly isReturn: boolean
}

export interface CrowdResult {
  readonly asked: readonly Asked[]
}

/** Sends a job to the load's process. */
export type PoolLoad = {
  (job: ChatsJob): Promise<ChatsResult>
  (job: CrowdJob): Promise<CrowdResult>
}
