/** Who listens to a session over WebSocket. The runtime keeps their sockets while the object sleeps. */

/*
 * What is stored is sealed, and the object cannot open it: it tells sockets what it is told itself, and what a socket
 * missed before comes opened from whoever brings it, as a replay that waits here for the socket. What happens between
 * the two is added to the replay, so nothing is lost and nothing comes twice.
 */
import { REPLAY_HELD_MS, REPLAYS_HELD_MAX, SESSION_SOCKETS_MAX } from '../core/session/limits.ts'

interface Replay {
  readonly untilMs: number
  readonly texts: string[]
}

/** The sockets of one session. */
export class SessionSockets {
  readonly #ctx: DurableObjectState
  readonly #replays = new Map<string, Replay>()

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx
  }

  /** Holds what a socket is sent first; false where too many are held. */
  hold(ticket: string, texts: readonly string[], nowMs: number): boolean {
    for (const [held, { untilMs }] of this.#replays) if (untilMs <= nowMs) this.#replays.delete(held)
    if (this.#replays.size >= REPLAYS_HELD_MAX) return false
    this.#replays.set(ticket, { untilMs: nowMs + REPLAY_HELD_MS, texts: [...texts] })
    return true
  }

  /** Takes a socket in, with the replay that is held for it. The status says why not. */
  accept(ticket: string, nowMs: number): Response {
    const replay = this.#replays.get(ticket)
    this.#replays.delete(ticket)
    if (replay === undefined || replay.untilMs <= nowMs) return new Response(null, { status: 409 })
    if (this.#ctx.getWebSockets().length >= SESSION_SOCKETS_MAX) return new Response(null, { status: 503 })
    const { 0: client, 1: server } = new WebSocketPair()
    // Answered by the runtime, which need not wake the object for it.
    this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'))
    this.#ctx.acceptWebSocket(server)
    for (const text of replay.texts) server.send(text)
    return new Response(null, { status: 101, webSocket: client })
  }

  /** Does anybody listen? Then events are worth writing. */
  get isHeard(): boolean {
    return this.#replays.size > 0 || this.#ctx.getWebSockets().length > 0
  }

  tell(text: string): void {
    for (const { texts } of this.#replays.values()) texts.push(text)
    for (const socket of this.#ctx.getWebSockets()) sendTo(socket, text)
  }

  close(reason: string): void {
    this.#replays.clear()
    for (const socket of this.#ctx.getWebSockets()) closeQuietly(socket, reason)
  }
}

/** One that is gone already is the runtime's to forget. */
function sendTo(socket: WebSocket, text: string): void {
  try {
    socket.send(text)
  } catch {
    closeQuietly(socket, 'lost')
  }
}

function closeQuietly(socket: WebSocket, reason: string): void {
  try {
    socket.close(1000, reason)
  } catch {
    // It is closed.
  }
}
