/** Items of a conversation: taken in as they are kept, and read out a page at a time. */
import { type Refusal, refusal } from '../../core/errors.ts'
import { isObject, items } from '../../core/loose.ts'
import type { ItemQuery } from '../../core/session/types.ts'
import { unknownSession } from '../memory/remembered.ts'
import { openedItems } from '../memory/sealed-rows.ts'
import { keptItem } from '../memory/session-items.ts'
import { messagesOf } from '../responses/decode-items.ts'
import { UndecodableError } from '../responses/fault.ts'
import type { Visit } from './way-in.ts'

type Json = Readonly<Record<string, unknown>>

/** Items that chat has words for; what they say is checked. Others are one provider's own, and kept as they are. */
const CHECKED = /^(?:message|reasoning|(?:function|custom_tool)_call(?:_output)?)$/

/** As they are kept, or what is wrong with one. */
export function keptItems(given: readonly Json[]): readonly Json[] | Refusal {
  const newId = (): string => crypto.randomUUID().replaceAll('-', '')
  const kept = given.map((item) => keptItem(item, newId))
  for (const [index, item] of kept.entries()) {
    if (!CHECKED.test(String(item.type))) continue
    try {
      messagesOf([item], () => {})
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error
      const param = error.param.replace(/^input\[0\]/, `items[${index}]`)
      return refusal('invalid_request', error.message.replaceAll('input[0]', `items[${index}]`), { param })
    }
  }
  return kept
}

/** One page. */
export interface Page {
  readonly items: readonly Json[]
  readonly hasMore: boolean
}

/** Reads a page: of large items, perhaps fewer than are asked for, but at least one if there is one. */
export async function pageOf(
  { edge, place, session, keyring }: Pick<Visit, 'edge' | 'place' | 'session' | 'keyring'>,
  query: ItemQuery,
): Promise<Page | Refusal> {
  const page = await edge.services.sessions.page(place, session, query)
  if (page === null) return unknownSession(session)
  if (page === 'no-item')
    return refusal('invalid_request', `There is no item '${query.after}' in this conversation.`, { param: 'after' })
  const { rows, isCut } = page
  const texts = await Promise.all(rows.map((row) => openedItems(keyring, session, row)))
  const all = texts.flatMap((text) => {
    const inRow = items(JSON.parse(text ?? '[]')).filter(isObject)
    return query.order === 'asc' ? inRow : inRow.reverse()
  })
  const isBeyond = query.after === null || query.beyondSeq !== undefined
  const from = isBeyond ? 0 : all.findIndex(({ id }) => id === query.after) + 1
  // The item may be the last of a row that was as much as one read takes: the page is what comes after that.
  const beyondSeq = rows.at(-1)?.seq
  if (isCut && from >= all.length && beyondSeq !== undefined)
    return pageOf({ edge, place, session, keyring }, { ...query, beyondSeq })
  return { items: all.slice(from, from + query.limit), hasMore: isCut || all.length > from + query.limit }
}

/** What may be included in items that are listed; the rest of OpenAI's list is of items that no answer here has. */
const LOGPROBS = 'message.output_text.logprobs'
const ENCRYPTED = 'reasoning.encrypted_content'
/** All that OpenAI has. */
const INCLUDABLE = new Set([
  ...[LOGPROBS, ENCRYPTED, 'file_search_call.results', 'web_search_call.results', 'web_search_call.action.sources'],
  ...['message.input_image.image_url', 'computer_call_output.output.image_url', 'code_interpreter_call.outputs'],
])

/** What is asked to be included, or the first that cannot be. */
export function includedIn(url: URL): readonly string[] | Refusal {
  const included = [...url.searchParams.getAll('include'), ...url.searchParams.getAll('include[]')]
  const unknown = included.find((name) => !INCLUDABLE.has(name))
  return unknown === undefined
    ? included
    : refusal('invalid_request', `There is nothing to include by the name '${unknown.slice(0, 64)}'.`, {
        param: 'include',
      })
}

/** An item as it is shown. */
export function shownItem(item: Json, included: readonly string[]): Json {
  const { encrypted_content: encrypted, ...bare } = item
  if (item.type === 'reasoning') return encrypted === undefined || included.includes(ENCRYPTED) ? item : bare
  if (item.role !== 'assistant' || included.includes(LOGPROBS)) return item
  const content = items(item.content).map((part) =>
    isObject(part) && 'logprobs' in part ? { ...part, logprobs: [] } : part,
  )
  return { ...item, content }
}
