/** Anthropic's Messages request → the canonical one, with the names of what it has no place for. No I/O. */
import { field, isObject, items, members } from '../../core/loose.ts'
import { sha256Hex } from '../../lib/hash.ts'
import { effortOf } from './decode-effort.ts'
import { formatOf } from './decode-format.ts'
import type { Drop } from './decode-parts.ts'
import { toolsOf } from './decode-tools.ts'
import { messagesOf } from './decode-turns.ts'
import { Undecodable } from './undecodable.ts'

type Json = Readonly<Record<string, unknown>>

/** The canonical request, or where the first thing stands that cannot be said in it. */
export type Decoded =
  | { readonly kind: 'decoded'; readonly body: Json; readonly dropped: readonly string[] }
  | { readonly kind: 'fault'; readonly param: string; readonly message: string }

/** Fields that find their place, in part at least. */
const PLACED = new Set([
  ...['model', 'messages', 'system', 'max_tokens', 'stream', 'temperature', 'top_p', 'top_k', 'stop_sequences'],
  ...['metadata', 'tools', 'tool_choice', 'thinking', 'output_config', 'output_format'],
])
const PLACED_OUTPUT = new Set(['effort', 'format'])
/** What asks for nothing special, so that leaving it out drops nothing. */
const DEFAULTS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['service_tier', (value) => value === 'auto'],
  ['speed', (value) => value === 'standard'],
  ['inference_geo', (value) => value === 'global'],
  ['mcp_servers', (value) => items(value).length === 0],
  ['context_management', (value) => items(field(value, 'edits')).length === 0],
  ['diagnostics', (value) => field(value, 'previous_message_id') == null],
])
/** What may not be left out: the answer would not be what was asked for, or not come from where it must. */
const DEMANDS: ReadonlyMap<string, string> = new Map([
  ['mcp_servers', 'MCP servers are called by Anthropic alone. Offer their tools as tools of your own.'],
  ['container', 'Containers are run by Anthropic alone. Leave it out.'],
  ['inference_geo', 'The region of a model is in its targets. Leave it out, and ask for a model that stays there.'],
])
/** Longest `user` that providers take. Some clients put a device, an account and a session into one. */
const USER_CHARS_MAX = 64
/** Names of fields that may stand in a response header. */
const FIELD_NAME = /^[A-Za-z0-9_.-]{1,64}$/

/** Reads a body that the schema of core/messages has let through. */
export function decodeMessages(value: Json): Decoded {
  const dropped = new Set<string>()
  try {
    const body = bodyOf(value, (param) => {
      dropped.add(param)
    })
    return { kind: 'decoded', body, dropped: [...dropped].filter((name) => FIELD_NAME.test(name)) }
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error
    return { kind: 'fault', param: error.param, message: error.message }
  }
}

function bodyOf(value: Json, drop: Drop): Json {
  leaveOut(value, drop)
  const { model, stream, max_tokens, temperature, top_p, top_k, stop_sequences } = value
  return {
    model,
    messages: messagesOf(value, drop),
    ...said({ max_tokens, temperature, top_p, top_k }),
    ...(items(stop_sequences).length === 0 ? {} : { stop: stop_sequences }),
    ...toolsOf(value, drop),
    ...effortOf(value, drop),
    ...formatOf(value),
    ...userOf(value.metadata, drop),
    ...(stream === true ? { stream } : {}),
  }
}

/** Names every field that has no place, or refuses to leave it out. */
function leaveOut(value: Json, drop: Drop): void {
  for (const [name, asked] of members(value)) {
    if (PLACED.has(name) || asked == null || DEFAULTS.get(name)?.(asked)) continue
    const demand = DEMANDS.get(name)
    if (demand !== undefined) throw new Undecodable(name, demand)
    drop(name)
  }
  for (const [name, asked] of members(value.output_config))
    if (!PLACED_OUTPUT.has(name) && asked != null) drop(`output_config.${name}`)
}

const said = (fields: Json): Json => Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null))

/** A user too long to be named is a digest: the same for one, and never that of another. */
function userOf(metadata: unknown, drop: Drop): Json {
  if (!isObject(metadata)) return {}
  const { user_id: user, ...others } = metadata
  if (Object.keys(others).length > 0) drop('metadata')
  if (typeof user !== 'string' || user === '') return {}
  return { user: user.length <= USER_CHARS_MAX ? user : sha256Hex(user) }
}
