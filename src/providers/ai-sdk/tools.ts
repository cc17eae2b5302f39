/** OpenAI tools and tool choice → AI SDK function tools and tool choice. No I/O. */
import type { LanguageModelV4FunctionTool, LanguageModelV4ToolChoice } from '@ai-sdk/provider'
import { cacheOptions } from './bound.ts'
import { isObject, listOf, stringOf } from './json.ts'
import { UnsayableError } from './refusal.ts'

export interface Tools {
  readonly tools?: LanguageModelV4FunctionTool[]
  readonly toolChoice?: LanguageModelV4ToolChoice
}

/** Empty when the request has no tools; a choice without tools says nothing. */
export function toolsOf(tools: unknown, choice: unknown): Tools {
  const all = listOf(tools).map((tool, index) => functionTool(tool, `tools[${index}]`))
  if (all.length === 0) return {}
  if (isObject(choice) && choice.type === 'allowed_tools') return allowedTools(all, choice.allowed_tools)
  const toolChoice = toolChoiceOf(choice)
  return toolChoice === undefined ? { tools: all } : { tools: all, toolChoice }
}

function functionTool(tool: unknown, at: string): LanguageModelV4FunctionTool {
  const made = isObject(tool) && tool.type === 'function' && isObject(tool.function) ? tool.function : undefined
  if (made === undefined) throw new UnsayableError(`${at}.type`, 'This model takes only tools of type function.')
  const name = stringOf(made.name)
  if (name === undefined) throw new UnsayableError(`${at}.function.name`, 'A function needs a name.')
  const description = stringOf(made.description)
  return {
    type: 'function',
    name,
    // Left out means: takes no parameters.
    inputSchema: isObject(made.parameters) ? made.parameters : { type: 'object', properties: {} },
    ...(description === undefined ? {} : { description }),
    ...(typeof made.strict === 'boolean' ? { strict: made.strict } : {}),
    ...cacheOptions(tool),
  }
}

function toolChoiceOf(choice: unknown): LanguageModelV4ToolChoice | undefined {
  if (choice === undefined || choice === null) return undefined
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { type: choice }
  const named = isObject(choice) && isObject(choice.function) ? stringOf(choice.function.name) : undefined
  if (named === undefined)
    throw new UnsayableError('tool_choice', 'The tool choice must be auto, none, required or a named function.')
  return { type: 'tool', toolName: named }
}

/** A choice among some of the tools is the same as offering only those. */
function allowedTools(all: LanguageModelV4FunctionTool[], allowed: unknown): Tools {
  const names = new Set(
    listOf(isObject(allowed) ? allowed.tools : undefined).map((tool) =>
      isObject(tool) && isObject(tool.function) ? tool.function.name : undefined,
    ),
  )
  const tools = all.filter((tool) => names.has(tool.name))
  if (tools.length === 0) throw new UnsayableError('tool_choice', 'None of the allowed tools is among the tools.')
  return { tools, toolChoice: { type: isObject(allowed) && allowed.mode === 'required' ? 'required' : 'auto' } }
}
