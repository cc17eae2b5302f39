/** `npm run sim:cache`: hit ratios of the shards' own S3-FIFO against LRU, on made-up loads. */
import { writeFile } from 'node:fs/promises'
import { Command, InvalidArgumentError } from 'commander'
import { CACHE_SHARDS, CACHE_TENANT_BYTES_MAX } from '../src/core/recall/limits.ts'
import { seeded } from './mutants/pick.ts'
import { type Outcome, outcomesOf, policies } from './sim/cache-policies.ts'
import { isAsGood, outcomeLines } from './sim/cache-table.ts'
import { lookUpsOf, SCANS, ZIPF } from './sim/cache-workload.ts'
import { type Output, runFigures } from './support/figures.ts'

interface Options {
  readonly bytes: number
  readonly lookUps: number
  readonly keys: number
  readonly seed: number
  readonly json?: string
}

const LOADS = [
  { name: 'Zipf(0.9)', load: ZIPF },
  { name: 'Zipf(0.9) between scans of keys that never come again, half of all', load: SCANS },
] as const

/** Runs the simulation and resolves with the exit code: 1 where S3-FIFO is below LRU, 2 where it could not run. */
export async function simulate(args: readonly string[], output: Output): Promise<number> {
  const program = new Command('sim:cache')
    .description('Hit ratios of the cache of one shard: S3-FIFO against SIEVE and LRU.')
    .option('--bytes <number>', 'size of the cache', whole, CACHE_TENANT_BYTES_MAX / CACHE_SHARDS)
    .option('--look-ups <number>', 'length of a load', whole, ZIPF.lookUps)
    .option('--keys <number>', 'keys that come again', whole, ZIPF.keys)
    .option('--seed <number>', 'of what is drawn at random', whole, 1)
    .option('--json <file>', 'write the figures there, too')
  return runFigures<Options>(program, args, output, (options) => run(options, output.out))
}

async function run({ bytes, lookUps, keys, seed, json }: Options, out: Output['out']): Promise<number> {
  const loads: { name: string; outcomes: Outcome[] }[] = []
  for (const { name, load } of LOADS) {
    const outcomes = outcomesOf(lookUpsOf({ ...load, lookUps, keys }, seeded(seed)), policies(bytes))
    out(outcomeLines(`${name}: ${lookUps} look-ups, ${keys} keys, a cache of ${bytes} bytes, seed ${seed}`, outcomes))
    loads.push({ name, outcomes })
  }
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ bytes, lookUps, keys, seed, loads }, null, 2)}\n`)
  return loads.every(({ outcomes }) => isAsGood(outcomes)) ? 0 : 1
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.')
  return Number(text)
}

if (import.meta.main) {
  process.exitCode = await simulate(process.argv.slice(2), { out: console.log, err: console.error })
}
