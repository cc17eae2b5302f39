/** One process that behaves like a vLLM replica: `node scripts/demo/origin.ts --port 9000`; `--help` lists its speeds and faults. */
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Command, InvalidArgumentError } from 'commander'
import { createLazyEmbedder } from './embeddings.ts'
import { createEngine, type EngineOptions } from './engine.ts'
import { type Fault, readFault } from './faults.ts'
import type { Replica } from './replica.ts'
import { createOrigin } from './server.ts'

export interface ReplicaOptions extends EngineOptions {
  readonly name: string
  readonly contextTokens: number
  readonly log: (line: string) => void
}

/** A replica in real time. */
export function createReplica(options: ReplicaOptions): Replica {
  let count = 0
  return {
    name: options.name,
    contextTokens: options.contextTokens,
    engine: createEngine(options, {
      now: () => performance.now(),
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    }),
    seconds: () => Math.floor(Date.now() / 1000),
    nextId: (prefix) => {
      count += 1
      return `${prefix}-${options.name}-${count}`
    },
    log: options.log,
    embed: createLazyEmbedder(),
  }
}

const count = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('must be a whole number')
  return Number(text)
}

const faultOf = (text: string): Fault => {
  const fault = readFault(text)
  if (fault === undefined) throw new InvalidArgumentError('is no fault; scripts/demo/faults.ts lists them')
  return fault
}

interface Flags {
  readonly port: number
  readonly name: string
  readonly prefill: number
  readonly decode: number
  readonly prefillBase: number
  readonly serialPrefill: boolean
  readonly slow: number
  readonly concurrency: number
  readonly queue: number
  readonly kvTokens: number
  readonly contextTokens: number
  readonly fault?: Fault
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const flags = new Command('origin')
    .description('A process that behaves like a vLLM replica.')
    .option('--port <n>', 'port on 127.0.0.1; 0: any', count, 0)
    .option('--name <name>', 'name in ids and log lines', 'a')
    .option('--prefill <n>', 'uncached prompt tokens a second; 0: at once', count, 16_000)
    .option('--decode <n>', 'tokens a second of each sequence; 0: at once', count, 60)
    .option('--prefill-base <ms>', 'what every prefill takes besides', count, 0)
    .option('--serial-prefill', 'one prompt is prefilled at a time, so that a long one blocks the others', false)
    .option(
      '--slow <n>',
      'everything takes so many times as long; POST /demo/speed {"slow": 10} while it runs',
      count,
      1,
    )
    .option('--concurrency <n>', 'sequences at the same time', count, 16)
    .option('--queue <n>', 'requests that may wait', count, 1000)
    .option('--kv-tokens <n>', 'tokens in the prefix cache', count, 200_000)
    .option('--context-tokens <n>', 'context window', count, 32_768)
    .option('--fault <kind>', 'a fault for every request, by the names in scripts/demo/faults.ts', faultOf)
    .parse()
    .opts<Flags>()
  const log = (line: string): void => console.error(`origin ${flags.name}: ${line}`)
  const server = createOrigin(
    createReplica({
      ...flags,
      prefillPerSecond: flags.prefill,
      decodePerSecond: flags.decode,
      prefillBaseMs: flags.prefillBase,
      log,
    }),
    flags.fault,
  )
  server.listen(flags.port, '127.0.0.1', () => {
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : flags.port
    console.log(`origin ready on http://127.0.0.1:${port}/v1`)
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0))
}
