/** An origin in a process of its own that keeps its own account of what was let through to it: a limit's other witness. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A token, as every event of a stream says one. */
export const TOKEN = 'word '

/** What a request asks of the origin, in a field of its body that passes through unchanged. */
export interface Order {
  /** Requests of one group are counted together. */
  readonly group: string
  /** The client's number for it. */
  readonly index?: number
  /** When its client sent it, ms since the epoch. */
  readonly sentMs?: number
  /** Tokens of the prompt, as the origin reports them; default 5. */
  readonly prompt?: number
  /** Tokens of the answer; in a stream one an event. Default 1. */
  readonly tokens?: number
  /** Between the events of a stream, and before a whole answer. Default 0. */
  readonly gapMs?: number
}

/** One request as the origin saw it. */
export interface Arrival {
  readonly group: string
  readonly index: number
  readonly sentMs: number
  /** When it was here for certain, ms since the epoch. */
  readonly atMs: number
  readonly endedMs: number | null
  /** The answer went out to its end; false where somebody hung up before, or it is not over yet. */
  readonly answered: boolean
  readonly promptTokens: number
  /** Tokens that have gone out. */
  readonly outputTokens: number
  /** What the request named as its most. */
  readonly maxTokens: number | null
}

/** What the origin knows of a group. */
export interface Account {
  /** In the order of arrival. */
  readonly arrivals: readonly Arrival[]
  /** Most requests that it had in hand at once. */
  readonly inFlightMost: number
}

/** A running metered origin. */
export interface MeteredOrigin {
  /** As a provider's `baseUrl`. */
  readonly url: string
  account(group: string): Promise<Account>
  close(): Promise<void>
}

/** Starts one on a free port. */
export async function startMeteredOrigin(): Promise<MeteredOrigin> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'metered-origin-process.ts'))
  const [port] = await once(child, 'message')
  let asked = Promise.resolve<unknown>(undefined)
  return {
    url: `http://127.0.0.1:${port}/v1`,
    account: (group) => {
      // One question at a time: answers carry no name.
      const answer = asked.then(async () => {
        child.send(group)
        const [account] = await once(child, 'message')
        return account as Account
      })
      asked = answer.catch(() => {})
      return answer
    },
    close: async () => {
      child.kill()
      await once(child, 'exit')
    },
  }
}
