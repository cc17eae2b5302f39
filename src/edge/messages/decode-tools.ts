/** Anthropic's tools and tool choice → OpenAI's. No I/O. */
import { isObject, items } from '../../core/loose.ts'
import { cacheOf, type Drop } from './decode-parts.ts'
import { Undecodable } from './undecodable.ts'

type Json = Readonly<Record<string, unknown>>

/** Says how a tool is offered, to whom or when: hints, which an offer at once and to all does not contradict. */
const HINTS = ['defer_loading', 'input_examples', 'allowed_callers']
const TOOL_CHOICES: ReadonlyMap<unknown, string> = new Map([
  ['auto', 'auto'],
  ['any', 'required'],
  ['none', 'none'],
])

/** `tools`, `tool_choice` and `parallel_tool_calls`; nothing where there are no tools. */
export function toolsOf({ tools, tool_choice: choice }: Json, drop: Drop): Json {
  const functions = items(tools).map((tool, index) => functionTool(tool, `tools[${index}]`, drop))
  if (functions.length === 0) return {}
  if (!isObject(choice)) return { tools: functions }
  return {
    tools: functions,
    tool_choice: choiceOf(choice),
    ...(choice.disable_parallel_tool_use === true ? { parallel_tool_calls: false } : {}),
  }
}

function functionTool(tool: unknown, at: string, drop: Drop): Json {
  const { type, name, description, input_schema: parameters, strict, ...others } = isObject(tool) ? tool : {}
  if (type != null && type !== 'custom')
    throw new Undecodable(
      `${at}.type`,
      'Tools with a type are built into models of Anthropic, and this one may be answered by others. Describe it by a name and an input_schema.',
    )
  if (typeof name !== 'string' || name === '') throw new Undecodable(`${at}.name`, 'A tool needs a name.')
  if (!isObject(parameters)) throw new Undecodable(`${at}.input_schema`, 'A tool needs a JSON schema of its input.')
  for (const hint of HINTS) if (isHint(others[hint])) drop(`tools.${hint}`)
  return {
    type: 'function',
    function: {
      name,
      ...(typeof description === 'string' ? { description } : {}),
      parameters,
      ...(typeof strict === 'boolean' ? { strict } : {}),
    },
    ...cacheOf(others),
  }
}

/** Anything but what holds without it. */
const isHint = (value: unknown): boolean =>
  Array.isArray(value) ? value.some((item) => item !== 'direct') : value === true

function choiceOf({ type, name }: Json): unknown {
  if (type === 'tool' && typeof name === 'string') return { type: 'function', function: { name } }
  const choice = TOOL_CHOICES.get(type)
  if (choice === undefined)
    throw new Undecodable('tool_choice', 'The tool choice must be auto, any, none or a named tool.')
  return choice
}
