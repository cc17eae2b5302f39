/** What ends the worker program, in words for whoever runs it. */

/** Printed as one line, without a stack. */
export class WorkerFault extends Error {
  override readonly name = 'WorkerFault'
  readonly exitCode: number

  constructor(exitCode: number, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Says of an error what may be logged: its code, else its kind. A message may quote what it stumbled over. */
export function codeOf(error: unknown): string {
  const { code } = (error instanceof Error ? (error.cause ?? error) : {}) as { code?: unknown }
  if (typeof code === 'string') return code
  return error instanceof Error ? error.name : 'unknown'
}
