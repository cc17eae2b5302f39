/** Does a request ask for anything that outlives it? Most do not, and their path knows nothing of the rest. No I/O. */
import { type Refusal, refusal } from '../core/errors.ts'
import { isObject } from '../core/loose.ts'
import type { Exchange, Lasting } from './exchange.ts'
import { takesFrame } from './framed.ts'
import { lastingHeaders } from './request-options.ts'

const NO_HEADERS = {
  session: undefined,
  onDisconnect: undefined,
  prompt: undefined,
  webhook: undefined,
  idempotencyKey: undefined,
}
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** What outlives it; null where nothing does. Responses are kept unless their caller says otherwise, as at OpenAI. */
export function lastingOf(
  { skin, request, entry }: Pick<Exchange, 'skin' | 'request' | 'entry'>,
  sent: Headers,
): Lasting | Refusal | null {
  const headers = lastingHeaders(sent)
  if (headers !== null && 'code' in headers) return headers
  if (skin.name !== 'responses') {
    const hasProfile = request.user !== undefined && entry.caller.tenant.profileTemplate !== undefined
    if (headers === null && !(hasProfile && takesFrame(skin))) return null
    const nothing = { background: false, store: false, previousResponseId: undefined, conversation: undefined }
    return { ...(headers ?? NO_HEADERS), ...nothing, template: undefined }
  }
  const body = request.native?.body ?? {}
  const { store, background, previous_response_id: previous, conversation, prompt } = body
  const lasting: Lasting = {
    ...(headers ?? NO_HEADERS),
    background: background === true,
    store: store !== false,
    previousResponseId: textOf(previous),
    conversation: textOf(isObject(conversation) ? conversation.id : conversation),
    template: prompt ?? undefined,
  }
  if (lasting.previousResponseId !== undefined && lasting.conversation !== undefined) return BOTH
  return headers === null && asksNothing(lasting) ? null : lasting
}

const asksNothing = ({ background, store, previousResponseId, conversation, template }: Lasting): boolean =>
  !background && !store && [previousResponseId, conversation, template].every((asked) => asked === undefined)

const BOTH = refusal(
  'invalid_request',
  'previous_response_id and conversation both say what a response goes on from. Send one of them.',
  { param: 'previous_response_id' },
)
