/** How a long-running script begins and fails. */
import { type Lifetime, processLifetime } from './lifetime.ts'

/** A failure that is the user's to mend; its message says how, and no stack is shown. */
export class UserError extends Error {}

/** Runs the script until it is told to stop; a failure stops what has been started, with exit code 1. */
export async function runScript(main: (lifetime: Lifetime) => Promise<void>): Promise<void> {
  const lifetime = processLifetime()
  try {
    await main(lifetime)
  } catch (error) {
    // What fails because everything is being stopped is no news.
    if (!lifetime.stopping()) console.error(error instanceof UserError ? `sluice: ${error.message}` : error)
    await lifetime.stop(1)
  }
}
