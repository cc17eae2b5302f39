/** The verb `worker`: its flags, and how it ends. Runs alone, too: it needs nothing but Node and the argument parser. */
import { type Command, CommanderError } from 'commander'
import { WorkerFault } from './fault.ts'
import { CONCURRENCY_DEFAULT, DRAIN_SECONDS_DEFAULT } from './limits.ts'
import { readWorkerOptions, type WorkerFlags } from './options.ts'
import { runWorker } from './run.ts'

/** What it knows of its surroundings. */
export interface WorkerIo {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly err: (text: string) => void
}

/** Makes `command` the worker program. An exit code that is not 0 comes as a `CommanderError`. */
export function workerVerb(command: Command, io: WorkerIo): Command {
  return command
    .description('serve a pool of a Sluice from here: dials in, so that this host needs no address of its own')
    .requiredOption('--gateway <url>', 'where Sluice is')
    .requiredOption('--pool <name>', 'name of the pool')
    .requiredOption('--origin <url>', 'base URL of the engine, as in http://127.0.0.1:8000/v1')
    .option('--token-file <file>', 'file with the worker token (default: SLUICE_WORKER_TOKEN)')
    .option('--max-concurrency <n>', 'requests at a time', String(CONCURRENCY_DEFAULT))
    .option('--models <names>', 'models that it serves, with commas between (default: the engine is asked)')
    .option('--prefill <tokens>', 'prompt tokens a second that the engine reads (default: as the pool says)')
    .option('--kv-tokens <tokens>', 'tokens in the memory of the engine (default: as the pool says)')
    .option('--health-port <port>', 'serve /healthz there')
    .option('--health-host <host>', 'address that /healthz is served on', '127.0.0.1')
    .option(
      '--drain-seconds <n>',
      'what runs may take so long when the worker is told to end',
      String(DRAIN_SECONDS_DEFAULT),
    )
    .action(async (flags: WorkerFlags) => {
      const exitCode = await work(flags, io)
      if (exitCode !== 0) throw new CommanderError(exitCode, 'sluice.worker', '')
    })
}

async function work(flags: WorkerFlags, io: WorkerIo): Promise<number> {
  const [end, endNow] = [new AbortController(), new AbortController()]
  const told = (): void => (end.signal.aborted ? endNow : end).abort()
  const signals = ['SIGTERM', 'SIGINT'] as const
  for (const signal of signals) process.on(signal, told)
  try {
    const say = (line: string): void => io.err(`sluice worker ${line}`)
    const options = await readWorkerOptions(flags, io.env)
    return await runWorker(options, { say, random: Math.random, end: end.signal, endNow: endNow.signal })
  } catch (error) {
    if (!(error instanceof WorkerFault)) throw error
    io.err(`sluice worker: ${error.message}`)
    return error.exitCode
  } finally {
    for (const signal of signals) process.off(signal, told)
  }
}
