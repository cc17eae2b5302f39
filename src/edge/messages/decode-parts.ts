/** Content blocks that a user, a system prompt or a tool result may have → canonical content parts. No I/O. */
import { isObject, items } from '../../core/loose.ts'
import { Undecodable } from './undecodable.ts'

type Json = Readonly<Record<string, unknown>>
/** Told the name of what is left out. */
export type Drop = (param: string) => void

/** A document without a title needs some name. */
const DOCUMENT_NAME = 'document.pdf'

/** The parts of one block. `at` is its path in the request. */
export function partsOf(block: unknown, at: string, drop: Drop): readonly Json[] {
  const { type, ...said } = isObject(block) ? block : {}
  switch (type) {
    case 'text':
      return [textPart(said, drop)]
    case 'image':
      return [imagePart(said, `${at}.source`, drop)]
    case 'document':
      return documentParts(said, `${at}.source`, drop)
    case 'search_result':
      return [searchResultPart(said, drop)]
    default:
      throw new Undecodable(`${at}.type`, 'Blocks of this type are for models of Anthropic alone. Leave it out.')
  }
}

/** A text block, with its place in a prompt cache. What it cites has no place. */
export function textPart(block: Json, drop: Drop): Json {
  if (items(block.citations).length > 0) drop('citations')
  return { type: 'text', text: typeof block.text === 'string' ? block.text : '', ...cacheOf(block) }
}

/** A cache breakpoint, where there is one. */
export function cacheOf({ cache_control }: Json): Json {
  return cache_control == null ? {} : { cache_control }
}

/** A single text that says nothing else is a string: so equal requests through any skin are equal. */
export function simplest(parts: readonly Json[]): string | readonly Json[] {
  const [first, ...others] = parts
  const isPlain = first?.type === 'text' && others.length === 0 && first.cache_control === undefined
  return isPlain ? String(first.text) : parts
}

function imagePart(block: Json, at: string, drop: Drop): Json {
  if (block.transformations != null) drop('image.transformations')
  const source = isObject(block.source) ? block.source : {}
  switch (source.type) {
    case 'base64':
      return { type: 'image_url', image_url: { url: dataUrl(source) }, ...cacheOf(block) }
    case 'url':
      return { type: 'image_url', image_url: { url: source.url }, ...cacheOf(block) }
    default:
      throw atAnthropic(at)
  }
}

function documentParts(block: Json, at: string, drop: Drop): readonly Json[] {
  const { title, context, citations } = block
  const source = isObject(block.source) ? block.source : {}
  if (isObject(citations) && citations.enabled === true) drop('citations')
  switch (source.type) {
    case 'base64': {
      const filename = typeof title === 'string' && title !== '' ? title : DOCUMENT_NAME
      const file = { type: 'file', file: { filename, file_data: dataUrl(source) }, ...cacheOf(block) }
      return typeof context === 'string' && context !== '' ? [{ type: 'text', text: context }, file] : [file]
    }
    case 'text':
      return [{ type: 'text', text: paragraphs(title, context, source.data), ...cacheOf(block) }]
    case 'content':
      return contentParts(source.content, [title, context], at, block, drop)
    case 'url':
      throw new Undecodable(at, 'Documents are not fetched. Send this one inline, as base64 or text.')
    default:
      throw atAnthropic(at)
  }
}

/** Its blocks one by one: where they end and cannot be cited is all that is lost. */
function contentParts(
  content: unknown,
  head: readonly unknown[],
  at: string,
  block: Json,
  drop: Drop,
): readonly Json[] {
  const inner = typeof content === 'string' ? [{ type: 'text', text: content }] : items(content)
  const parts = inner.flatMap((one, index) => partsOf(one, `${at}.content[${index}]`, drop))
  const said = paragraphs(...head)
  const all = said === '' ? parts : [{ type: 'text', text: said }, ...parts]
  return all.map((part, index) => (index === all.length - 1 ? { ...part, ...cacheOf(block) } : part))
}

function searchResultPart(block: Json, drop: Drop): Json {
  if (isObject(block.citations) && block.citations.enabled === true) drop('citations')
  const texts = items(block.content).map((one) => (isObject(one) ? one.text : undefined))
  return { type: 'text', text: paragraphs(block.title, block.source, ...texts), ...cacheOf(block) }
}

const paragraphs = (...texts: readonly unknown[]): string =>
  texts.filter((text) => typeof text === 'string' && text !== '').join('\n\n')

const dataUrl = ({ media_type, data }: Json): string => `data:${media_type};base64,${data}`

const atAnthropic = (at: string): Undecodable =>
  new Undecodable(at, 'Files live with one provider. Send this one inline, as base64.')
