/** One runner per state folder: two workerds over one disk would be two owners of one SQLite file. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { isAlive } from './child.ts'
import { UserError } from './run.ts'

const LET_GO_MS = 5000
const POLL_MS = 50

const workers = { dev: 'wrangler', serve: 'workerd' } as const

const lockSchema = z.object({ script: z.int(), worker: z.int().optional() })

export interface Lock {
  /** Names the process that has the files open, which may outlive a killed script by a moment. */
  readonly hold: (worker: number) => Promise<void>
  readonly release: () => Promise<void>
}

/** Takes the folder, or throws a UserError. What a killed runner left behind is waited out and taken over. */
export async function lockState(folder: string, script: 'dev' | 'serve'): Promise<Lock> {
  const file = join(folder, `${script}.lock`)
  const left = lockSchema.safeParse(
    await readFile(file, 'utf8')
      .then(JSON.parse)
      .catch(() => undefined),
  ).data
  if (left !== undefined && left.script !== process.pid && (await isAlive(left.script, `${script}.ts`))) {
    throw new UserError(`${folder} is in use by process ${left.script}; stop it or choose another with --state`)
  }
  const { worker } = left ?? {}
  if (worker !== undefined) {
    const deadline = performance.now() + LET_GO_MS
    while (await isAlive(worker, workers[script])) {
      if (performance.now() > deadline) throw new UserError(`${folder} is in use by process ${worker}; stop it`)
      await sleep(POLL_MS)
    }
  }
  const write = (worker?: number) => writeFile(file, JSON.stringify({ script: process.pid, worker }))
  await write()
  return { hold: write, release: () => rm(file, { force: true }) }
}
