/** Rows of sessions, sealed before they leave the edge, and opened when they come back. */
import { promptBytes } from '../../core/inference.ts'
import { isObject, items } from '../../core/loose.ts'
import type { OpenedRow } from '../../core/session/history.ts'
import type { NewRow, SessionRow } from '../../core/session/types.ts'
import { traitsOf } from '../../core/session/window.ts'
import { promptTokens } from '../../core/usage.ts'
import { utf8 } from '../../lib/hash.ts'
import type { Services } from '../../services.ts'
import { messagesOf } from '../responses/decode-items.ts'
import { UndecodableError } from '../responses/fault.ts'

type Json = Readonly<Record<string, unknown>>
/** What seals, fingerprints and opens. */
export type Keyring = Awaited<ReturnType<Services['cacheKeys']['keysOf']>>

/** Binds a sealed text to its session and place in it. */
const placeIn = (session: string, name: string): string => `session\n${session}\n${name}`

/** Seals anything of a session. `name`: unique in it. */
export const sealedText = (keyring: Keyring, session: string, name: string, text: string): Promise<string> =>
  keyring.seal(placeIn(session, name), text)

/** Opens what `sealedText` sealed; rejects for anything else. */
export const openedText = (keyring: Keyring, session: string, name: string, sealed: string): Promise<string> =>
  keyring.open(placeIn(session, name), sealed)

/** A row to be added. `print`: what its answer did, where there is one. */
export async function newRow(
  keyring: Keyring,
  session: string,
  name: string,
  content: readonly Json[],
  print: string | null = null,
): Promise<NewRow> {
  const clear = JSON.stringify(content)
  return {
    name,
    sealed: await sealedText(keyring, session, name, clear),
    clear,
    tokens: content.reduce((sum, item) => sum + tokensOf(item), 0),
    ids: content.map(({ id }) => String(id)),
    print: print === null ? null : keyring.fingerprint(`session-print\n${print}`),
  }
}

/** JSON of a row's items; null where it has none. */
export async function openedItems(keyring: Keyring, session: string, row: SessionRow): Promise<string | null> {
  return row.sealed === null ? null : openedText(keyring, session, row.name, row.sealed)
}

/** A row of the history, as it is put in. */
export async function openedRow(keyring: Keyring, session: string, row: SessionRow): Promise<OpenedRow> {
  const content = items(JSON.parse((await openedItems(keyring, session, row)) ?? '[]')).filter(isObject)
  return rowWith(row.seq, content, row.sealed?.length ?? 0)
}

/** Brackets and comma around an item. */
const SEPARATOR_BYTES = 3

/** A row with such items, whose seal is so long. */
export function rowWith(seq: number, content: readonly Json[], sealedChars: number): OpenedRow {
  const messages = sayable(content)
  const body = { said: 'fault' in messages ? content : messages }
  const text = JSON.stringify(body.said)
  const bytes = utf8(text).byteLength
  const itemBytes = content.map((item) => utf8(JSON.stringify(item)).byteLength)
  // Of all items of a row together it is never less than the row has, with what stands between them.
  const share = Math.max(1, bytes / itemBytes.reduce((sum, one) => sum + one, 1))
  return {
    seq,
    items: content,
    traits: content.map((item, index) =>
      traitsOf(item, { tokens: tokensOf(item), bytes: Math.ceil((itemBytes[index] ?? 0) * share) + SEPARATOR_BYTES }),
    ),
    bytes,
    chars: text.length,
    // What is not counted as text of a prompt.
    mediaChars: bytes - promptBytes({ body, bodyBytes: bytes }),
    sealedChars,
    messages,
  }
}

/** Items as chat messages, or why that cannot be said in them. */
export function sayable(content: readonly Json[]): readonly Json[] | { readonly fault: string } {
  try {
    return messagesOf(content, () => {})
  } catch (error) {
    if (!(error instanceof UndecodableError)) throw error
    return { fault: error.message }
  }
}

/** About what an item costs in a prompt. */
export function tokensOf(item: Json): number {
  const said = item.content ?? item.output ?? item.arguments ?? item.input ?? item
  const body = { said }
  return promptTokens(promptBytes({ body, bodyBytes: utf8(JSON.stringify(said)).byteLength }))
}
