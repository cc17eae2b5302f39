/** A turn of a session: its history put into the request, and the turn kept when it is over, or marked when it is not. */

import { type Refusal, refusal } from '../../core/errors.ts'
import { field, isObject, items } from '../../core/loose.ts'
import { type History, historyAfter, windowOf } from '../../core/session/history.ts'
import { TURN_HEARTBEAT_MS } from '../../core/session/limits.ts'
import { isSessionId } from '../../core/session/schemas.ts'
import type { Begun, HistoryNews } from '../../core/session/types.ts'
import { ownerOf, placeOf } from '../../core/tenant.ts'
import type { Services } from '../../services.ts'
import type { Edge } from '../arrival.ts'
import type { Exchange, Lasting } from '../exchange.ts'
import type { FinalAnswer } from '../kept/answer-reader.ts'
import { itemsOfMessages } from './items-of-messages.ts'
import { ownSession } from './owned.ts'
import { policyOf, turnWaitMs } from './policy.ts'
import { exchangeWith, roomFor } from './put-in.ts'
import { type Keyring, newRow, openedRow, openedText, rowWith, sealedText } from './sealed-rows.ts'
import { keptInput, printed } from './session-items.ts'
import { type AskModel, rowsToSum, summed } from './summary.ts'

type Json = Readonly<Record<string, unknown>>
type Kept = Extract<Begun, { kind: 'begun' }>

/** A turn that runs. Exactly one of `finish` and `abandon` ends it; neither rejects. */
export interface Memory {
  /** The request with the history put in. */
  readonly exchange: Exchange
  /** Keeps the turn: when it resolves, the next one can begin. */
  finish(final: Pick<FinalAnswer, 'items' | 'target'>): Promise<void>
  /** Nothing of it is kept but that it was. */
  abandon(status: 'broken' | 'cancelled'): Promise<void>
}

const OUT_OF_REACH = refusal('overloaded', 'The session cannot be read at the moment. Try again in a second.', {
  retryAfterMs: 1000,
})
const GONE = refusal('not_found', 'The tenant of this session is no more.')
const BUSY = refusal(
  'session_busy',
  'Another turn of this session is running. Send this one when that has ended, or have turns queue: sessions.onBusy in the config.',
  { retryAfterMs: 1000 },
)

/**
 * Begins a turn, where the request names a session; null where it names none. `ask` sums up what no longer goes with
 * turns, where the config has a model for that.
 */
export async function remembered(
  edge: Pick<Edge, 'services' | 'bodies'>,
  exchange: Exchange,
  lasting: Pick<Lasting, 'session' | 'conversation'>,
  ask: AskModel = async () => null,
): Promise<Memory | Refusal | null> {
  const session = sessionNamed(exchange, lasting)
  if (session === null || typeof session === 'object') return session
  const { caller, deployment } = exchange.entry
  const { services } = edge
  const turn = new Turn(edge, exchange, session, deployment.config.sessions, ask)
  try {
    const keyring = await services.cacheKeys.keysOf(caller, turn.place)
    // A conversation is made before it is used; a session is made by its use.
    return await turn.begin(keyring, lasting.conversation === undefined)
  } catch (error) {
    services.log({ level: 'error', event: 'session-not-read', 'x-request-id': turn.id, error: nameOf(error) })
    return OUT_OF_REACH
  }
}

/** The one session that is named, if any. */
function sessionNamed(
  { skin, request }: Exchange,
  { session, conversation }: Pick<Lasting, 'session' | 'conversation'>,
): string | Refusal | null {
  if (skin.operation !== 'chat') return null
  const named = conversation ?? session
  if (named === undefined) return null
  if (session !== undefined && session !== named)
    return refusal(
      'invalid_request',
      "'x-sluice-session' and 'conversation' name different sessions. Send one of them.",
      { param: 'conversation' },
    )
  if (field(request.native?.body, 'previous_response_id') != null)
    return refusal('invalid_request', 'A conversation and previous_response_id exclude each other. Send one of them.', {
      param: 'previous_response_id',
    })
  return isSessionId(named) ? named : unknownSession(named)
}

/** What is told of a session that is not there, or another tenant's. */
export const unknownSession = (session: string): Refusal =>
  refusal('not_found', `There is no conversation '${session.slice(0, 128)}'. POST /v1/conversations makes one.`, {
    param: 'conversation',
  })

class Turn {
  readonly id: string
  readonly place: ReturnType<typeof placeOf>
  readonly #services: Services
  readonly #bodies: Edge['bodies']
  readonly #exchange: Exchange
  readonly #session: string
  readonly #config: Exchange['entry']['deployment']['config']['sessions']
  readonly #ask: AskModel
  #stopBeating = (): void => {}

  constructor(
    { services, bodies }: Pick<Edge, 'services' | 'bodies'>,
    exchange: Exchange,
    session: string,
    config: Exchange['entry']['deployment']['config']['sessions'],
    ask: AskModel,
  ) {
    this.id = exchange.request.requestId
    this.place = placeOf(exchange.entry.caller)
    this.#services = services
    this.#bodies = bodies
    this.#exchange = exchange
    this.#session = session
    this.#config = config
    this.#ask = ask
  }

  async begin(keyring: Keyring, create: boolean): Promise<Memory | Refusal> {
    const { sessions, histories } = this.#services
    const { maxTokens } = this.#config
    const known = histories.get(ownerOf(this.place), this.#session, maxTokens)
    const policy = policyOf(this.#config)
    const begun = await sessions.begin(this.place, this.#session, {
      turnId: this.id,
      known: known === null ? null : { birth: known.birth, epoch: known.epoch, seq: known.seq },
      waitMs: turnWaitMs(this.#config, this.#exchange.request.maxWaitMs),
      create,
      tokensMax: maxTokens,
      policy,
    })
    if (begun.kind === 'busy') return BUSY
    if (begun.kind === 'gone') return GONE
    if (begun.kind === 'unknown') return unknownSession(this.#session)
    if (begun.kind === 'looping') return looping(begun.repeats)
    this.#beat()
    try {
      await ownSession(this.#services, this.place, this.#session, policy.ttlMs)
      const history = await this.#opened(keyring, known, begun)
      const changed = this.#putIn(history, begun)
      if (!('code' in changed)) return this.#running(keyring, begun, history, changed)
      await this.#abandon(begun, 'cancelled')
      return changed
    } catch (error) {
      await this.#abandon(begun, 'broken')
      throw error
    }
  }

  async #opened(keyring: Keyring, known: History | null, news: HistoryNews): Promise<History> {
    const rows = await Promise.all(news.rows.map((row) => openedRow(keyring, this.#session, row)))
    const summary = await this.#openedSummary(keyring, known, news)
    const history = historyAfter(known, news, rows, summary, this.#config.maxTokens)
    if (news.birth !== '') this.#services.histories.set(ownerOf(this.place), this.#session, history)
    return history
  }

  async #openedSummary(keyring: Keyring, known: History | null, news: HistoryNews): Promise<History['summary']> {
    const { summary, birth, epoch } = news
    if (summary === null) return null
    const { uptoSeq, name, sealed } = summary
    const before = known?.birth === birth && known.epoch === epoch ? known.summary : null
    if (before?.uptoSeq === uptoSeq) return before
    return { uptoSeq, text: await openedText(keyring, this.#session, name, sealed) }
  }

  /** The exchange with as much of the history in it as goes with a turn. */
  #putIn(history: History, { preferredTarget }: Kept): Exchange | Refusal {
    const { request, headers } = this.#exchange
    const summary = history.summary?.text ?? null
    const bounds = { tokensMax: this.#config.maxTokens, bytesMax: roomFor(request, summary) }
    const window = windowOf(history, bounds, outputsIn(request.native?.body.input ?? request.body.messages))
    const changed = exchangeWith({ bodies: this.#bodies }, this.#exchange, window, summary)
    if ('code' in changed) return changed
    headers['x-sluice-session'] = this.#session
    const preferred = preferredTarget === null ? {} : { preferredTarget }
    return { ...changed, request: { ...changed.request, session: this.#session, ...preferred } }
  }

  #running(keyring: Keyring, begun: Kept, history: History, exchange: Exchange): Memory {
    return {
      exchange,
      finish: async ({ items: answer, target }) => {
        const said = [...this.#input(), ...answer]
        let sealedChars = 0
        try {
          const row = await newRow(keyring, this.#session, this.id, said, printed(answer))
          sealedChars = row.sealed.length
          const how = await this.#services.sessions.end(this.place, this.#session, {
            turnId: this.id,
            version: begun.version,
            birth: begun.birth,
            row,
            target,
            policy: policyOf(this.#config),
          })
          if (how === 'stale') this.#notKept('stale')
        } catch (error) {
          this.#notKept(nameOf(error))
        } finally {
          this.#stopBeating()
        }
        if (this.#config.summary !== undefined)
          this.#services.background(this.#sumUp(keyring, history, said, sealedChars))
      },
      abandon: (status) => this.#abandon(begun, status),
    }
  }

  /** What its caller said, as items. */
  #input(): readonly Json[] {
    const { request, skin } = this.#exchange
    const newId = (): string => crypto.randomUUID().replaceAll('-', '')
    return skin.name === 'responses'
      ? keptInput(request.native?.body.input, newId)
      : itemsOfMessages(items(request.body.messages), newId)
  }

  async #abandon({ birth }: Kept, status: 'broken' | 'cancelled'): Promise<void> {
    this.#stopBeating()
    await this.#services.sessions
      .abandon(this.place, this.#session, { id: this.id, birth }, status, policyOf(this.#config))
      .catch((error: unknown) => this.#notKept(nameOf(error)))
  }

  /**
   * Sums up what the next turn would have to leave out. Never rejects: what was not summed up is left out, and the next
   * turn's end tries again.
   */
  async #sumUp(keyring: Keyring, history: History, said: readonly Json[], sealedChars: number): Promise<void> {
    const { summary: wish, maxTokens } = this.#config
    if (wish === undefined) return
    try {
      const newest = rowWith(history.seq + 1, said, sealedChars)
      const rows = rowsToSum({ rows: [...history.rows, newest] }, maxTokens)
      const last = rows.at(-1)
      if (last === undefined) return
      const text = await summed(this.#ask, wish.model, history.summary?.text ?? null, rows)
      if (text === null) return
      const name = `summary:${last.seq}`
      const sealed = await sealedText(keyring, this.#session, name, text)
      await this.#services.sessions.summarise(this.place, this.#session, history.epoch, {
        uptoSeq: last.seq,
        name,
        sealed,
      })
    } catch (error) {
      this.#services.log({ level: 'error', event: 'session-not-summed', 'x-request-id': this.id, error: nameOf(error) })
    }
  }

  /** Keeps the session while the turn runs; a beat that fails is made up for by the next. */
  #beat(): void {
    const { clock, sessions } = this.#services
    let isOver = false
    const next = (): (() => void) =>
      clock.after(TURN_HEARTBEAT_MS, () => {
        if (isOver) return
        void sessions.renew(this.place, this.#session, this.id).catch(() => false)
        cancel = next()
      })
    let cancel = next()
    this.#stopBeating = () => {
      isOver = true
      cancel()
    }
  }

  #notKept(why: string): void {
    this.#services.log({ level: 'error', event: 'turn-not-kept', 'x-request-id': this.id, error: why })
  }
}

/** Calls whose outputs a turn begins with. */
function outputsIn(said: unknown): readonly string[] {
  return items(said)
    .filter(isObject)
    .map(({ role, type, tool_call_id: chat, call_id: id }) =>
      role === 'tool' ? chat : typeof type === 'string' && type.endsWith('_output') ? id : null,
    )
    .filter((id) => typeof id === 'string')
}

const looping = (repeats: number): Refusal =>
  refusal(
    'conflict',
    `The same answer, or the same tool call with the same arguments, came ${repeats} times in a row in this session, so this turn was not run. ` +
      'Change what you send (another instruction, another tool result), and send it again: the count begins anew.',
    { param: 'x-sluice-session', isFutile: true },
  )

/** A message may quote what it failed on; the class does not. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown')
