/** A response that goes on from an earlier one, and that others can go on from. */
import { type Refusal, refusal } from '../../core/errors.ts'
import { ITEMS_REFERRED_MAX, REQUEST_BODY_BYTES_MAX } from '../../core/limits.ts'
import { items } from '../../core/loose.ts'
import type { Edge } from '../arrival.ts'
import type { Exchange, Lasting } from '../exchange.ts'
import { outOfReach } from '../usage.ts'
import type { FinalAnswer } from './answer-reader.ts'
import { askedAgain, listedItems, referredTo, withoutReferences } from './items.ts'
import { isKeepableId, putKept, readKept, responseWith } from './record.ts'

type Json = Readonly<Record<string, unknown>>

const PARAM = 'previous_response_id'
const UTF8 = new TextEncoder()
/** Ends of a response that another can go on from. */
const ANSWERED: ReadonlySet<unknown> = new Set(['completed', 'incomplete'])

/** A request with all before it put in, and what that was. */
export interface GoingOn {
  readonly exchange: Exchange
  readonly context: readonly Json[]
}

/**
 * Puts the items of the response that it goes on from before its own; instructions are not carried over, as at OpenAI.
 * Items that it refers to are put where it does. What it is reserved for and recalled by follows from the whole.
 */
export async function withPrevious(edge: Edge, exchange: Exchange, lasting: Lasting): Promise<GoingOn | Refusal> {
  const { native } = exchange.request
  if (native === undefined) return { exchange, context: [] }
  try {
    const context = await contextOf(edge, exchange, lasting.previousResponseId)
    if ('code' in context) return context
    const known = [...context, ...(await referredItems(edge, exchange, native.body.input, context))]
    return withContext(edge, exchange, context, known)
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown'
    edge.services.log({ level: 'error', event: 'response-not-read', error: name })
    return outOfReach
  }
}

/** All items of a kept response and of those before it. */
async function contextOf(
  { services }: Edge,
  { entry }: Exchange,
  id: string | undefined,
): Promise<readonly Json[] | Refusal> {
  if (id === undefined) return []
  const kept = await readKept(services, entry.caller, id, ['response', 'input', 'context'])
  if (kept === null)
    return refusal('invalid_request', `Previous response with id '${id.slice(0, 128)}' not found.`, { param: PARAM })
  const { status, output } = kept.response
  if (!ANSWERED.has(status)) return unanswered(id, status)
  return [...kept.context, ...kept.input, ...(items(output) as Json[])]
}

/** Items of kept responses that are referred to, and are not in the context: so do SDKs that count on all being kept. */
async function referredItems(
  { services }: Edge,
  { entry }: Exchange,
  input: unknown,
  context: readonly Json[],
): Promise<readonly Json[]> {
  const there = new Set(context.map(({ id }) => id))
  const missing = [...new Set(referredTo(input))].filter((id) => !there.has(id)).slice(0, ITEMS_REFERRED_MAX)
  const responses = await Promise.all(missing.map((id) => responseWith(services, entry.caller, id)))
  const ids = [...new Set(responses)].filter((id) => id !== null)
  const kept = await Promise.all(ids.map((id) => readKept(services, entry.caller, id, ['response'])))
  return kept.flatMap((one) => (one === null ? [] : (items(one.response.output) as Json[])))
}

/**
 * Puts kept items before the input of a request of the Responses skin, and those of `known` that it refers to where it
 * does; and reads it again.
 */
export function withContext(
  edge: Pick<Edge, 'bodies'>,
  exchange: Exchange,
  context: readonly Json[],
  known: readonly Json[] = context,
): GoingOn | Refusal {
  const { skin, request, release } = exchange
  const { native } = request
  if (native === undefined) return { exchange, context }
  const before = askedAgain(context)
  const own = withoutReferences(native.body.input, known)
  if (before.length === 0 && own.input === native.body.input) return { exchange, context }
  const text = JSON.stringify([before, own.put])
  const bytes = UTF8.encode(text).length
  if (bytes + request.bodyBytes > REQUEST_BODY_BYTES_MAX) return TOO_LONG
  const giveBack = edge.bodies.hold(bytes)
  if (giveBack === null) return CROWDED
  const asked = typeof own.input === 'string' ? [{ role: 'user', content: own.input }] : items(own.input)
  const read = skin.read({ ...native.body, input: [...before, ...asked] })
  if ('param' in read) {
    giveBack()
    return refusal('invalid_request', read.message, { param: read.param })
  }
  return {
    context,
    exchange: {
      ...exchange,
      release() {
        giveBack()
        release()
      },
      // It was read as something else than its own text says.
      text: null,
      request: {
        ...request,
        body: read.body,
        ...(read.native === undefined ? {} : { native: { ...read.native, headers: native.headers } }),
        bodyBytes: request.bodyBytes + bytes,
        bodyChars: request.bodyChars + text.length,
      },
    },
  }
}

/**
 * Keeps a finished answer of the Responses skin under its id. `exchange` is the request without what came before it,
 * which is `context`. Rejects where it cannot be kept.
 */
export async function keepResponse(
  edge: Edge,
  exchange: Exchange,
  lasting: Lasting,
  context: readonly Json[],
  final: FinalAnswer,
): Promise<void> {
  const { response } = final
  const id = response?.id
  if (response === null || !isKeepableId(id)) throw new TypeError('it has no id to be kept under')
  const { input } = withoutReferences(exchange.request.native?.body.input, context)
  const { conversation } = lasting
  await putKept(edge.services, exchange.entry.caller, id, {
    response: {
      ...response,
      // Of us, whatever a provider says that it keeps.
      store: true,
      background: lasting.background,
      previous_response_id: lasting.previousResponseId ?? null,
      ...(conversation === undefined ? {} : { conversation: { id: conversation } }),
    },
    input: listedItems(input, crypto.randomUUID().replaceAll('-', '')),
    context,
  })
}

function unanswered(id: string, status: unknown): Refusal {
  const why =
    status === 'in_progress' || status === 'queued'
      ? 'is still in progress. Wait until it is completed'
      : 'was not answered. Go on from the one before it'
  return refusal('invalid_request', `Previous response with id '${id}' ${why}.`, { param: PARAM })
}

const TOO_LONG = refusal(
  'invalid_request',
  `The conversation before this is longer than ${REQUEST_BODY_BYTES_MAX} bytes with it. Begin a new one: leave ${PARAM} out, and send as input what still matters.`,
  { param: PARAM },
)
const CROWDED = refusal('overloaded', 'Too many long conversations at once. Try again in a second.', {
  retryAfterMs: 1000,
})
