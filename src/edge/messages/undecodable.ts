/** Raised where a request asks for what the canonical form cannot say; decode.ts turns it into a verdict. No I/O. */

/** `param` is the place in the request, in the words of core/chat.ts: `messages[0].content[1].source`. */
export class Undecodable extends Error {
  readonly param: string

  constructor(param: string, message: string) {
    super(message)
    this.param = param
  }
}
