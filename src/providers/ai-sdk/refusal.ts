/** A request that the target's protocol cannot say, told as an OpenAI server would tell it. No I/O. */

/** Thrown while a request is being translated; nothing has been sent. Becomes a 400 that names the field. */
export class UnsayableError extends Error {
  readonly param: string

  constructor(param: string, message: string) {
    super(message)
    this.param = param
  }
}
