/** What `dev` and `serve` have in common once their Worker has been started: readiness, the demo, the ready lines. */
import { z } from 'zod'
import type { Child } from './child.ts'
import { applyDemo, type DemoUpstream } from './demo.ts'
import type { Lifetime } from './lifetime.ts'
import { answers } from './ports.ts'
import type { Variables } from './variables.ts'

const READY_MS = 60_000

const refusalSchema = z.object({ error: z.object({ code: z.literal('misconfigured') }) })

export interface Started {
  readonly ports: readonly number[]
  /** The process that serves them. */
  readonly child: Child
  readonly state: string
  readonly variables: Variables
  readonly upstream: DemoUpstream | undefined
  /** Where lines for people go; the ready lines go to stdout. */
  readonly say: (line: string) => void
}

/** Waits until every port answers, sets the demo up, and says that all is ready. */
export async function announce(started: Started, lifetime: Lifetime): Promise<void> {
  const { ports, child, say } = started
  void child.ended.then(({ code, signal }) => {
    if (lifetime.stopping()) return
    console.error(`sluice: the Worker's process ended by itself (${signal ?? `exit code ${code}`})`)
    void lifetime.stop(1)
  })
  const urls = ports.map((port) => `http://127.0.0.1:${port}`)
  const [first = ''] = urls
  for (const url of urls) {
    if (await answers(`${url}/health`, child.ended, READY_MS)) continue
    // A process that ended by itself has been reported already.
    if (lifetime.stopping()) return
    throw new Error(`nothing answers at ${url}`)
  }
  const { upstream } = started
  const token = started.variables.SLUICE_ADMIN_TOKEN ?? ''
  if (upstream !== undefined && !(await isMisconfigured(first, token))) {
    const demo = await applyDemo({ url: first, token, state: started.state, upstream, say })
    say(`base URL  ${first}/v1`)
    say(`API key   ${demo.key}`)
    say(`docs      ${first}/docs`)
    say(`try it    ${curlLine(first, demo.key, demo.alias)}`)
  }
  if (lifetime.stopping()) return
  for (const url of urls) console.log(`sluice ready on ${url}`)
}

/**
 * Whether the Worker refuses to work with the variables it has; it has said so itself, in its log. Asked of the admin
 * API, because a public request would have the isolate remember a config that is about to be replaced.
 */
async function isMisconfigured(url: string, token: string): Promise<boolean> {
  const reply = await fetch(`${url}/admin/config`, { headers: { authorization: `Bearer ${token}` } })
  const text = await reply.text()
  return reply.status === 503 && refusalSchema.safeParse(JSON.parse(text)).success
}

/** One line that streams an answer when it is pasted into a shell. */
export function curlLine(url: string, key: string, alias: string): string {
  const body = { model: alias, stream: true, messages: [{ role: 'user', content: 'Say hello.' }] }
  const headers = `-H 'authorization: Bearer ${key}' -H 'content-type: application/json'`
  return `curl -N ${url}/v1/chat/completions ${headers} -d '${JSON.stringify(body)}'`
}
