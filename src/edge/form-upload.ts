/** A form on its way through: what has come is held until a target is chosen, and the rest goes on as it comes. */
import { type Refusal, refusal } from '../core/errors.ts'
import type { Upload } from '../core/inference.ts'
import { REQUEST_BODY_BYTES_MAX } from '../core/limits.ts'
import { type BegunBody, type BodyBudget, TOO_LARGE } from './body.ts'
import { type FoundModel, formType, ModelFinder, type SecondModel, UnreadableForm } from './form-model.ts'

const UTF8 = new TextEncoder()
const bad = (message: string): Refusal => refusal('invalid_request', message, { param: 'model' })
const NO_MODEL = bad("The form has no field 'model'. Add one with an alias of the config.")
const TWO_MODELS = bad("The form has more than one field 'model'. Send one.")
const UNREADABLE = bad("The form cannot be read up to a field 'model'. Send it as multipart/form-data, field by field.")

/**
 * Reads a form as far as its model. Where that is its first field, its target is asked while the rest is still on its
 * way; what comes before it is held, for nobody can be asked before it is known who. Rejects when the client leaves.
 */
export async function beginForm(
  bodies: BodyBudget,
  request: Request,
  boundary: string,
  background: (work: Promise<unknown>) => void,
): Promise<FormUpload | Refusal> {
  const finder = new ModelFinder(boundary)
  const begun = await bodies.begin(
    request,
    (piece) => {
      try {
        const found = finder.push(piece)
        return found?.isTwice === true ? TWO_MODELS : found
      } catch (error) {
        if (error instanceof UnreadableForm) return UNREADABLE
        throw error
      }
    },
    NO_MODEL,
  )
  return 'code' in begun ? begun : new FormUpload(formType(boundary), begun, background)
}

/** One per form. `stop` it when its answer is over. */
export class FormUpload implements Upload {
  readonly contentType: string
  readonly model: string
  isTaken = false
  fault: Upload['fault'] = null
  readonly #controller = new AbortController()
  readonly #begun: Omit<BegunBody<FoundModel>, 'seen'>
  /** Until it is sent: its memory is given back by then. */
  #seen: FoundModel | null
  readonly #background: (work: Promise<unknown>) => void
  #writer: WritableStreamDefaultWriter<Uint8Array> | null = null
  #isOver = false

  constructor(contentType: string, begun: BegunBody<FoundModel>, background: (work: Promise<unknown>) => void) {
    this.contentType = contentType
    const { seen, ...rest } = begun
    this.model = seen.model
    this.#seen = seen
    this.#begun = rest
    this.#background = background
  }

  get broken(): AbortSignal {
    return this.#controller.signal
  }

  take(model: string): ReadableStream<Uint8Array> {
    const seen = this.#seen
    if (seen === null) throw new Error('the form is taken')
    this.#seen = null
    this.isTaken = true
    const { declaredBytes } = this.#begun
    const value = UTF8.encode(model)
    const { readable, writable } =
      declaredBytes === null
        ? new IdentityTransformStream()
        : new FixedLengthStream(declaredBytes - seen.valueBytes + value.length)
    this.#writer = writable.getWriter()
    this.#background(this.#send(this.#writer, [seen.before, value, seen.behind], seen.second))
    return readable
  }

  /** Whatever has not been sent by now is of no use to anybody. */
  stop(): void {
    if (this.#isOver) return
    this.#controller.abort()
    this.#giveUp()
  }

  #giveUp(): void {
    this.#isOver = true
    this.#begun.release()
    this.#begun.rest.cancel().catch(() => {})
    this.#writer?.abort().catch(() => {})
  }

  /** Never rejects. The runtime ends what it sends of a stream that breaks as if it were whole: `broken` says otherwise. */
  async #send(writer: WritableStreamDefaultWriter<Uint8Array>, held: Uint8Array[], second: SecondModel): Promise<void> {
    const { rest, release } = this.#begun
    let { bytes } = this.#begun
    try {
      for (const piece of held) if (piece.length > 0) await writer.write(piece)
      held.length = 0
      release()
      for (;;) {
        const { value: piece } = await rest.read().catch(() => this.#break('left'))
        if (piece === undefined) break
        bytes += piece.length
        if (bytes > REQUEST_BODY_BYTES_MAX) this.#break(TOO_LARGE)
        if (second.isIn(piece)) this.#break(TWO_MODELS)
        await writer.write(piece)
      }
      await writer.close()
      this.#isOver = true
    } catch {
      // Whoever takes no more of it may have answered all the same.
      this.#giveUp()
    }
  }

  #break(fault: NonNullable<Upload['fault']>): never {
    this.fault = fault
    this.#controller.abort()
    throw new Error('the form is not sent to its end')
  }
}
