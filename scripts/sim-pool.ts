/** `npm run sim:pool`: replays a trace of prompts that share beginnings with the pool's own scheduler, beside others. */
import { readFile, writeFile } from 'node:fs/promises'
import { Command, InvalidArgumentError } from 'commander'
import { comparePools, type PoolComparison } from './sim/pool-compare.ts'
import { ENGINE } from './sim/pool-engine.ts'
import { poolAssumptionLines, poolOutcomeLines } from './sim/pool-table.ts'
import { parsePromptTrace } from './sim/pool-trace.ts'
import { type Output, runFigures } from './support/figures.ts'

interface Options {
  readonly trace: string
  readonly replicas: number
  readonly speedup: number
  readonly kv: number
  readonly rtt: number
  readonly prefill: number
  readonly baseMs: number
  readonly decodeMs: number
  readonly prefillError: number
  readonly tenants: number
  readonly flood: number
  readonly overload: number
  readonly batch: number
  readonly maxWait: number
  readonly maxQueue: number
  readonly saturated: number
  readonly seed: number
  readonly json?: string
}

const HELP = `
A trace is JSON lines with timestamp (ms), input_length, output_length (tokens) and hash_ids (of blocks of 512 tokens), as
in FAST25-release/traces of the public repository kvcache-ai/Mooncake (Apache-2.0); tenant and priority where it tells them.

--prefill-error 0.5 tells sluice a rate that is half too high, -0.5 one that is half too low.
--tenants 8 --flood 10 deals conversations out to eight tenants, of whom the first sends ten times what it would.
--overload 4 lays the trace over itself four times; --batch 0.5 makes half of its conversations batch.
Of the engine nothing is simulated but what a router notices: prompts one after the other, answers at a steady pace.`

/** Runs the simulation and resolves with the exit code: 1 where a bound is missed, 2 where it could not run. */
export async function simulate(args: readonly string[], output: Output): Promise<number> {
  const program = new Command('sim:pool')
    .description("Replay a trace: the pool's scheduler against round-robin, least-request, least-tokens, cache-aware.")
    .requiredOption('--trace <file>', 'the trace, JSON lines')
    .option('--replicas <number>', 'engines', whole, 8)
    .option('--speedup <number>', "how much faster the trace's time runs", positive, 4)
    .option('--kv <tokens>', 'memory of one engine', whole, ENGINE.kvTokens)
    .option('--rtt <ms>', 'to an engine and back', atLeastZero, 5)
    .option('--prefill <tokens/s>', 'of one engine', positive, ENGINE.prefillTokensPerSecond)
    .option('--base-ms <ms>', 'of each prompt besides its tokens', atLeastZero, ENGINE.baseMs)
    .option('--decode-ms <ms>', 'per token of an answer', atLeastZero, ENGINE.decodeMs)
    .option('--prefill-error <share>', 'what sluice is told of the rate is off by this', error, 0)
    .option('--tenants <number>', 'conversations are dealt out to so many', whole, 1)
    .option('--flood <times>', 'what the first tenant sends of its share', whole, 1)
    .option('--overload <times>', 'the trace is laid over itself so many times', whole, 1)
    .option('--batch <share>', 'of conversations that are of priority batch', share, 0)
    .option('--max-wait <ms>', 'longest wait', positive, 30_000)
    .option('--max-queue <number>', 'longest queue', whole, 1000)
    .option('--saturated <ms>', 'how far the warm may lie behind', atLeastZero, 2000)
    .option('--seed <number>', 'of what is drawn at random', whole, 1)
    .option('--json <file>', 'write the figures there, too')
    .addHelpText('after', HELP)
  return runFigures<Options>(program, args, output, (options) => run(options, output.out))
}

async function run(options: Options, out: Output['out']): Promise<number> {
  const { replicas, speedup, kv, rtt, prefill, baseMs, decodeMs, tenants, flood, overload, batch, seed } = options
  if (flood > 1 && tenants === 1) throw new Error('a flood needs --tenants')
  const trace = parsePromptTrace(await readFile(options.trace, 'utf8'))
  const engine = { prefillTokensPerSecond: prefill, baseMs, decodeMs, kvTokens: kv }
  const comparison: PoolComparison = {
    trace,
    load: { speedup, tenants, flood, copies: overload, batch },
    scenario: { replicas, rttMs: rtt, engine },
    prefillError: options.prefillError,
    maxWaitMs: options.maxWait,
    maxQueue: options.maxQueue,
    saturatedMs: options.saturated,
    seed,
  }
  out(`${trace.length} requests in ${Math.round((trace.at(-1)?.atMs ?? 0) / 1000)} s`)
  out(poolAssumptionLines(comparison))
  const outcome = comparePools(comparison)
  out(`\n${poolOutcomeLines(outcome)}`)
  if (options.json !== undefined) {
    const { trace: _, ...assumed } = comparison
    await writeFile(options.json, `${JSON.stringify({ assumed, ...outcome }, null, 2)}\n`)
  }
  return outcome.bounds.every(({ ok }) => ok) ? 0 : 1
}

/** A number within bounds, or a fault that says which. */
function numberIn(text: string, isIn: (value: number) => boolean, bounds: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || !isIn(value)) {
    throw new InvalidArgumentError(`It must be ${bounds}.`)
  }
  return value
}

const positive = (text: string): number => numberIn(text, (value) => value > 0, 'a number above 0')
const atLeastZero = (text: string): number => numberIn(text, (value) => value >= 0, 'a number, 0 or more')
const error = (text: string): number => numberIn(text, (value) => value > -1, 'a number above -1')
const share = (text: string): number => numberIn(text, (value) => value >= 0 && value <= 1, 'a number from 0 to 1')
const whole = (text: string): number =>
  numberIn(text, (value) => Number.isInteger(value) && value > 0 && value < 1e9, 'a whole number above 0')

if (import.meta.main) {
  process.exitCode = await simulate(process.argv.slice(2), { out: console.log, err: console.error })
}
