/** What a Responses request asks that no chat completion could. No I/O. */

/** Thrown where it is found, and told to the caller: decode.ts makes a fault of it. */
export class UndecodableError extends Error {
  /** Path of the field at fault. */
  readonly param: string

  constructor(param: string, message: string) {
    super(message)
    this.param = param
  }
}

/** A string that must be there. */
export function stringAt(value: unknown, param: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw new UndecodableError(param, `'${param}' must be a string that is not empty.`)
}
