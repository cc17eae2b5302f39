/** Processes of the demo origin with a simulated engine: the replicas of the pool lane. */

import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startChild } from '../support/child.ts'
import type { Lifetime } from '../support/lifetime.ts'
import { projectFolder } from '../support/options.ts'

/** A replica's engine, in tokens and tokens a second. */
export interface EngineSpeeds {
  readonly prefill: number
  readonly decode: number
  readonly kvTokens: number
}

/** A replica that runs. */
export interface BenchReplica {
  readonly id: string
  /** Base URL with the version path. */
  readonly url: string
  /** What it has done so far. */
  work(): Promise<ReplicaWork>
  /** From now on everything takes so many times as long. */
  slow(times: number): Promise<void>
}

export interface ReplicaWork {
  readonly requests: number
  /** Prompt tokens that were not cached. */
  readonly computedTokens: number
}

/** Sequences at the same time: more than the lane has, so that the engine's own queue is its prefill's. */
const CONCURRENCY = 256

/** Starts one replica for each name, on ports that happen to be free. */
export function startReplicas(
  names: readonly string[],
  engine: EngineSpeeds,
  lifetime: Lifetime,
): Promise<readonly BenchReplica[]> {
  return Promise.all(names.map((name) => startReplica(name, engine, lifetime)))
}

async function startReplica(id: string, engine: EngineSpeeds, lifetime: Lifetime): Promise<BenchReplica> {
  const flags = {
    port: 0,
    name: id,
    prefill: engine.prefill,
    decode: engine.decode,
    'kv-tokens': engine.kvTokens,
    concurrency: CONCURRENCY,
  }
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
  const script = join(projectFolder, 'scripts/demo/origin.ts')
  // A client that leaves is told of on its standard error, and there are many.
  const stdio = ['ignore', 'pipe', 'ignore'] as const
  const child = startChild(process.execPath, [script, '--serial-prefill', ...args], { stdio: [...stdio] })
  lifetime.onStop(child.stop)
  const output = child.process.stdout
  if (output === null) throw new Error('the demo origin has no output')
  for await (const line of createInterface({ input: output })) {
    const url = /^origin ready on (\S+)$/.exec(line)?.[1]
    if (url !== undefined) return replicaAt(id, url)
  }
  throw new Error(`replica ${id} of the demo origin did not start`)
}

function replicaAt(id: string, url: string): BenchReplica {
  const root = url.slice(0, -'/v1'.length)
  return {
    id,
    url,
    work: async () => workOf(await (await fetch(`${root}/metrics`)).text()),
    slow: async (times) => {
      const reply = await fetch(`${root}/demo/speed`, { method: 'POST', body: JSON.stringify({ slow: times }) })
      if (!reply.ok) throw new Error(`replica ${id} answered ${reply.status}: ${await reply.text()}`)
    },
  }
}

/** What a page of metrics says of it. */
export function workOf(page: string): ReplicaWork {
  const sum = (name: string): number =>
    [...page.matchAll(new RegExp(`^vllm:${name}_total\\{.*\\} (\\S+)$`, 'gm'))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    )
  return {
    requests: sum('request_success'),
    computedTokens: sum('prefix_cache_queries') - sum('prefix_cache_hits'),
  }
}
