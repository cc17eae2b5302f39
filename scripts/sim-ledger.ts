/** `npm run sim:ledger`: replays a trace with the ledger's own code, against how most gateways count tokens. */
import { readFile, writeFile } from 'node:fs/promises'
import { Command, InvalidArgumentError } from 'commander'
import { type Comparison, compare } from './sim/compare.ts'
import { assumptionLines, comparisonLines } from './sim/table.ts'
import { type Arrival, parseTrace } from './sim/trace.ts'
import { ASSUMPTIONS } from './sim/workload.ts'
import { type Output, runFigures } from './support/figures.ts'

interface Options {
  readonly trace: string
  readonly oversubscription: readonly number[]
  readonly copies?: number
  readonly seed: number
  readonly tokenMs: number
  readonly json?: string
}

const HELP = `
A trace is a CSV with the header TIMESTAMP,ContextTokens,GeneratedTokens, as in AzureLLMInferenceTrace_conv_2023.csv
of the public repository Azure/AzurePublicDataset (CC-BY-4.0).

Oversubscribed k times is k times the trace, laid over itself with each copy up to a minute later, against what the
trace offers by itself. --copies 1 shrinks the limit instead: at 151 times the Azure trace that is 3,000 tokens a
minute, two requests and a bit, of which one long answer alone is a quarter.`

/** Runs the simulation and resolves with the exit code: 1 where a bound is missed, 2 where it could not run. */
export async function simulate(args: readonly string[], output: Output): Promise<number> {
  const program = new Command('sim:ledger')
    .description('Replay a trace: estimated and hard limits of the ledger against charging afterwards.')
    .requiredOption('--trace <file>', 'the trace, CSV')
    .option('--oversubscription <list>', 'offered load over the limit', numbers, [11, 151])
    .option('--copies <number>', 'how many times the trace is laid over itself (default: the oversubscription)', whole)
    .option('--seed <number>', 'of what is drawn at random', whole, 1)
    .option('--token-ms <number>', 'time per token of an answer', positive, ASSUMPTIONS.tokenMs)
    .option('--json <file>', 'write the figures there, too')
    .addHelpText('after', HELP)
  return runFigures<Options>(program, args, output, (options) => run(options, output.out))
}

async function run(options: Options, out: Output['out']): Promise<number> {
  const { seed, tokenMs } = options
  const arrivals: Arrival[] = parseTrace(await readFile(options.trace, 'utf8'))
  const assumed = { ...ASSUMPTIONS, tokenMs }
  out(`${arrivals.length} requests in ${Math.round((arrivals.at(-1)?.atMs ?? 0) / 1000)} s`)
  out(assumptionLines(assumed, seed))
  const comparisons: Comparison[] = []
  for (const oversubscription of options.oversubscription) {
    const copies = options.copies ?? Math.max(1, Math.round(oversubscription))
    const comparison = compare(arrivals, { oversubscription, copies, assumed, seed })
    out(`\n${comparisonLines(comparison)}`)
    comparisons.push(comparison)
  }
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify({ assumed, seed, comparisons }, null, 2)}\n`)
  }
  return comparisons.every(({ bounds }) => bounds.every(({ ok }) => ok)) ? 0 : 1
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number above 0.')
  return value
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.')
  return Number(text)
}

const numbers = (text: string): number[] => text.split(',').map(positive)

if (import.meta.main) {
  process.exitCode = await simulate(process.argv.slice(2), { out: console.log, err: console.error })
}
