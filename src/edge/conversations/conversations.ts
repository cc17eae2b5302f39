/** `/v1/conversations` and `/v1/conversations/{id}`: made, looked at, changed, exported, deleted. */

import { ITEMS_PAGE_MAX } from '../../core/session/limits.ts'
import { conversationCreateSchema, conversationUpdateSchema } from '../../core/session/schemas.ts'
import type { SessionHead } from '../../core/session/types.ts'
import type { Edge } from '../arrival.ts'
import { ownSession } from '../memory/owned.ts'
import { unknownSession } from '../memory/remembered.ts'
import { newRow, openedText, sealedText } from '../memory/sealed-rows.ts'
import { keptItems, pageOf } from './kept-items.ts'
import { bodyOf, type Visit, visiting } from './way-in.ts'

/** The place in a session that its metadata are sealed for. */
const METADATA = 'metadata'

/** `POST /v1/conversations`. */
export const createConversation = (edge: Edge) =>
  visiting(edge, async (visit) => {
    const body = await bodyOf(visit, conversationCreateSchema, true)
    if ('code' in body) return body
    const { place, keyring, policy, headers } = visit
    const session = `conv_${crypto.randomUUID().replaceAll('-', '')}`
    const kept = keptItems(body.value.items ?? [])
    if ('code' in kept) return kept
    await ownSession(edge.services, place, session, policy.ttlMs)
    const row = kept.length === 0 ? null : await newRow(keyring, session, headers['x-request-id'], kept)
    const metadata = await sealedMetadata(visit, session, body.value.metadata ?? null)
    await edge.services.sessions.create(place, session, metadata, row, policy)
    return shown(visit, session)
  })

/** `GET /v1/conversations/{id}`. */
export const retrieveConversation = (edge: Edge) => visiting(edge, (visit) => shown(visit, visit.session))

/** `POST /v1/conversations/{id}`: other metadata. */
export const updateConversation = (edge: Edge) =>
  visiting(edge, async (visit) => {
    const body = await bodyOf(visit, conversationUpdateSchema)
    if ('code' in body) return body
    const { place, session, policy } = visit
    const metadata = await sealedMetadata(visit, session, body.value.metadata)
    await edge.services.sessions.setMetadata(place, session, metadata, policy)
    return shown(visit, session)
  })

/** `DELETE /v1/conversations/{id}`. */
export const deleteConversation = (edge: Edge) =>
  visiting(edge, async ({ place, session, headers }) => {
    const was = await edge.services.sessions.delete(place, session)
    if (!was) return unknownSession(session)
    return Response.json({ id: session, object: 'conversation.deleted', deleted: true }, { headers })
  })

/** `GET /v1/conversations/{id}/export`: all that is kept, as one JSON document, written page by page. */
export const exportConversation = (edge: Edge) =>
  visiting(edge, async (visit) => {
    const conversation = await conversationOf(visit, visit.session)
    if (conversation === null) return unknownSession(visit.session)
    const encoder = new TextEncoder()
    const head = JSON.stringify({ ...conversation, object: 'conversation.export' })
    let after: string | null = null
    let begun = `${head.slice(0, -1)},"items":[`
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const page = await pageOf(visit, { after, limit: ITEMS_PAGE_MAX, order: 'asc' })
        // Deleted meanwhile, or what it was at: a document that is cut is no document.
        if ('code' in page) return controller.error(new Error(page.code))
        const text = page.items.map((item) => JSON.stringify(item)).join(',')
        const separator = after === null || text === '' ? '' : ','
        controller.enqueue(encoder.encode(begun + separator + text + (page.hasMore ? '' : ']}\n')))
        begun = ''
        after = String(page.items.at(-1)?.id)
        if (!page.hasMore) controller.close()
      },
    })
    return new Response(body, { headers: { ...visit.headers, 'content-type': 'application/json' } })
  })

/** The conversation in a reply. */
export async function shown(visit: Visit, session: string): Promise<Response | ReturnType<typeof unknownSession>> {
  const conversation = await conversationOf(visit, session)
  return conversation === null ? unknownSession(session) : Response.json(conversation, { headers: visit.headers })
}

/** As OpenAI has it, with what became of the last turn and the number of the last event. */
async function conversationOf({ edge, place, keyring }: Visit, session: string) {
  const head: SessionHead | null = await edge.services.sessions.head(place, session)
  if (head === null) return null
  const { createdAtMs, metadata, lastTurn, lastSeq } = head
  return {
    id: session,
    object: 'conversation',
    created_at: Math.floor(createdAtMs / 1000),
    metadata: metadata === null ? {} : JSON.parse(await openedText(keyring, session, METADATA, metadata)),
    last_turn: lastTurn === null ? null : { status: lastTurn.status, at: new Date(lastTurn.atMs).toISOString() },
    last_event: lastSeq,
  }
}

const sealedMetadata = async (
  { keyring }: Visit,
  session: string,
  metadata: Readonly<Record<string, string>> | null,
): Promise<string | null> =>
  metadata === null ? null : sealedText(keyring, session, METADATA, JSON.stringify(metadata))
