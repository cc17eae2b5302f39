/** Programs that print figures: their arguments are read, and whatever goes wrong becomes an exit code. */
import { type Command, CommanderError } from 'commander'

/** Where lines go. */
export interface Output {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/**
 * Reads the arguments and runs the program. Resolves with the exit code: that of the run, 0 for help, 2 where it could
 * not run, and then it says why.
 */
export async function runFigures<O extends object>(
  program: Command,
  args: readonly string[],
  { out, err }: Output,
  run: (options: O) => Promise<number>,
): Promise<number> {
  program
    .configureOutput({ writeOut: (text) => out(text.trimEnd()), writeErr: (text) => err(text.trimEnd()) })
    .exitOverride()
  try {
    program.parse(args, { from: 'user' })
    return await run(program.opts<O>())
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    err(error instanceof Error ? error.message : String(error))
    return 2
  }
}
