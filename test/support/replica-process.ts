/** A replica of the demo origin in a process of its own, which can be killed outright and comes back at the same address. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const script = join(resolve(import.meta.dirname, '../..'), 'scripts/demo/origin.ts')

export interface ReplicaProcess {
  readonly name: string
  /** Base URL with the version path. */
  readonly url: string
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>
  /** Starts it again, after a kill. */
  restart(): Promise<void>
}

/** Starts one on a port that happens to be free; more flags go to the script. */
export async function startReplicaProcess(name: string, flags: readonly string[] = []): Promise<ReplicaProcess> {
  let { child, url } = await start(name, 0, flags)
  const { port } = new URL(url)
  return {
    name,
    url,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
    restart: async () => {
      ;({ child, url } = await start(name, Number(port), flags))
    },
  }
}

async function start(name: string, port: number, flags: readonly string[]) {
  const args = [script, '--name', name, '--port', String(port), ...flags]
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  if (child.stdout === null) throw new Error('the demo origin has no output')
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^origin ready on (\S+)$/.exec(line)?.[1]
    if (url !== undefined) return { child, url }
  }
  throw new Error(`replica ${name} did not start`)
}
