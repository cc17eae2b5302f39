/** A script of an origin that does as each request orders it to, in a field of the body that passes through unchanged. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Call, Script } from './scripted-origin.ts'
import { DONE, delta, event } from './wire.ts'

/** What a request asks of the origin: usage, time, and failures. */
export interface Order {
  /** Its body is remembered under this name. */
  readonly group?: string
  /** Tokens that are reported; a stream has an event for each of the output. Default 5 and 1. */
  readonly prompt?: number
  readonly tokens?: number
  /** Before an answer, and before each event of a stream. */
  readonly waitMs?: number
  readonly gapMs?: number
  /** An error of this status; with `reports`, its body has usage. */
  readonly status?: number
  readonly reports?: boolean
}

/** The script, and the first body that it saw of a group. */
export function orderedScript(): {
  readonly script: Script
  readonly bodyOf: (group: string) => Call['json'] | undefined
} {
  const seen = new Map<string, Call['json']>()
  const script = async (call: Call): Promise<void> => {
    const { group, prompt = 5, tokens = 1, gapMs = 0, waitMs = 0, status, reports } = (call.json.order ?? {}) as Order
    if (group !== undefined) seen.set(group, call.json)
    const usage = { prompt_tokens: prompt, completion_tokens: tokens, total_tokens: prompt + tokens }
    if (waitMs > 0) await sleep(waitMs)
    if (status !== undefined)
      return call.reply(status, JSON.stringify({ error: { message: 'no' }, ...(reports === true ? { usage } : {}) }))
    if (call.path.endsWith('/embeddings')) return call.reply(200, JSON.stringify({ object: 'list', data: [], usage }))
    if (call.json.stream !== true) return call.reply(200, JSON.stringify({ id: 'x', choices: [{ text: 'a' }], usage }))
    await call.head(200)
    for (let sent = 0; sent < tokens; sent += 1) {
      if (gapMs > 0) await sleep(gapMs)
      await call.write(delta({ content: 'a' }))
    }
    await call.end(delta({}, 'stop') + event({ choices: [], usage }) + DONE)
  }
  return { script, bodyOf: (group) => seen.get(group) }
}
