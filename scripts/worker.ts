/** The pull worker by itself: `node scripts/worker.ts --gateway URL --pool NAME --origin URL`; Node ≥ 22.18, no Worker runtime. */
import { Command, CommanderError } from 'commander'
import { type WorkerIo, workerVerb } from './worker/verb.ts'

/** Runs until it is told to end; resolves with the exit code. */
export async function worker(args: readonly string[], io: WorkerIo): Promise<number> {
  try {
    await workerVerb(new Command('worker'), io).exitOverride().parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    throw error
  }
}

if (import.meta.main) {
  const err = (text: string): void => void process.stderr.write(`${text}\n`)
  process.exitCode = await worker(process.argv.slice(2), { env: process.env, err })
}
