/** `/v1/conversations/{id}/items`: listed, added, looked at, deleted. */
import { type Refusal, refusal } from '../../core/errors.ts'
import { isObject, items } from '../../core/loose.ts'
import { itemsCreateSchema, itemsQuerySchema } from '../../core/session/schemas.ts'
import type { Edge } from '../arrival.ts'
import { ownSession } from '../memory/owned.ts'
import { unknownSession } from '../memory/remembered.ts'
import { newRow, openedItems } from '../memory/sealed-rows.ts'
import { shown } from './conversations.ts'
import { includedIn, keptItems, pageOf, shownItem } from './kept-items.ts'
import { bodyOf, checked, notAppended, type Visit, visiting } from './way-in.ts'

type Json = Readonly<Record<string, unknown>>

/** How often an item is taken out anew, where its row changes meanwhile. */
const TRIES_MAX = 3

/** `GET /v1/conversations/{id}/items`. */
export const listItems = (edge: Edge) =>
  visiting(edge, async (visit) => {
    const url = new URL(visit.request.url)
    const query = checked(itemsQuerySchema, Object.fromEntries(url.searchParams))
    if ('code' in query) return query
    const included = includedIn(url)
    if ('code' in included) return included
    const page = await pageOf(visit, { ...query.value, after: query.value.after ?? null })
    return 'code' in page ? page : listed(visit, page.items, included, page.hasMore)
  })

/** `POST /v1/conversations/{id}/items`. */
export const createItems = (edge: Edge) =>
  visiting(edge, async (visit) => {
    const body = await bodyOf(visit, itemsCreateSchema)
    if ('code' in body) return body
    const included = includedIn(new URL(visit.request.url))
    if ('code' in included) return included
    const kept = keptItems(body.value.items)
    if ('code' in kept) return kept
    const { place, session, keyring, policy, headers } = visit
    const row = await newRow(keyring, session, headers['x-request-id'], kept)
    const appended = await edge.services.sessions.append(place, session, 'items', row, policy)
    if (appended.kind !== 'kept') return notAppended(appended.kind, session)
    await ownSession(edge.services, place, session, policy.ttlMs)
    return listed(visit, kept, included, false)
  })

/** `GET /v1/conversations/{id}/items/{item}`. */
export const retrieveItem = (edge: Edge) =>
  visiting(edge, async (visit, c) => {
    const included = includedIn(new URL(visit.request.url))
    if ('code' in included) return included
    const id = c.req.param('item') ?? ''
    const found = await rowWith(visit, id)
    if ('code' in found) return found
    const item = found.content.find((one) => one.id === id) as Json
    return Response.json(shownItem(item, included), { headers: visit.headers })
  })

/** `DELETE /v1/conversations/{id}/items/{item}`: answers with the conversation. */
export const deleteItem = (edge: Edge) =>
  visiting(edge, async (visit, c) => {
    const { place, session, keyring, policy } = visit
    const id = c.req.param('item') ?? ''
    const mark = await newRow(keyring, session, `deleted:${crypto.randomUUID()}`, [{ id, type: 'item.deleted' }])
    for (let tries = 1; ; tries += 1) {
      const found = await rowWith(visit, id)
      if ('code' in found) return found
      const rest = found.content.filter((one) => one.id !== id)
      const left = rest.length === 0 ? null : await newRow(keyring, session, found.row.name, rest)
      const from = { seq: found.row.seq, epoch: found.epoch }
      const removed = await edge.services.sessions.removeItem(place, session, from, left, mark, policy)
      if (removed.kind === 'kept') return shown(visit, session)
      if (removed.kind !== 'stale' || tries === TRIES_MAX) return notAppended(removed.kind, session)
    }
  })

/** The row of an item, opened. */
async function rowWith({ edge, place, session, keyring }: Visit, id: string) {
  const found = await edge.services.sessions.rowOf(place, session, id)
  if (found === null) return unknownSession(session)
  const { row, epoch } = found
  const content = row === null ? [] : items(JSON.parse((await openedItems(keyring, session, row)) ?? '[]'))
  const inRow = content.filter(isObject)
  if (row === null || !inRow.some((one) => one.id === id)) return unknownItem(id)
  return { row, epoch, content: inRow }
}

const unknownItem = (id: string): Refusal =>
  refusal('not_found', `There is no item '${id.slice(0, 128)}' in this conversation.`)

const listed = ({ headers }: Visit, data: readonly Json[], included: readonly string[], hasMore: boolean): Response =>
  Response.json(
    {
      object: 'list',
      data: data.map((item) => shownItem(item, included)),
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
      has_more: hasMore,
    },
    { headers },
  )
