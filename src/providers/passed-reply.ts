/** A reply that passes as it came. */
import type { Form } from '../core/wire.ts'
import type { ProviderReply } from './types.ts'

/** A Response as it came. Its stream is made only for whoever asks for it: a whole reply is read at once. */
export class PassedReply implements ProviderReply {
  readonly #reply: Response
  readonly droppedParams: readonly string[]
  readonly form: Form

  constructor(reply: Response, droppedParams: readonly string[], form: Form = 'openai') {
    this.#reply = reply
    this.droppedParams = droppedParams
    this.form = form
  }

  get status(): number {
    return this.#reply.status
  }

  get headers(): Headers {
    return this.#reply.headers
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#reply.body
  }

  text(): Promise<string> {
    return this.#reply.text()
  }
}
