/** An answer → the steps in which a model would bring it out: one token each, choices interleaved. No I/O. */
import type { Answer } from './answer.ts'
import { tokenize } from './tokens.ts'

/** The part of a delta that one token brings. */
export interface Delta {
  readonly content?: string
  readonly tool_calls?: readonly {
    readonly index: number
    readonly id?: string
    readonly type?: 'function'
    readonly function: { readonly name?: string; readonly arguments: string }
  }[]
}

export interface Step {
  readonly choice: number
  readonly token: string
  readonly delta: Delta
}

export interface Generation {
  readonly steps: readonly Step[]
  /** One a choice. */
  readonly finishes: readonly ('stop' | 'length' | 'tool_calls')[]
}

export interface Bounds {
  readonly maxTokens: number
  readonly stop: readonly string[]
  /** Goes on, repeating itself, until `maxTokens`. */
  readonly ignoreEnd: boolean
}

/** The steps of all answers, one token of each in turn. */
export function planGeneration(answers: readonly Answer[], bounds: Bounds): Generation {
  const planned = answers.map((answer, choice) => planOne(answer, choice, bounds))
  const longest = Math.max(0, ...planned.map((one) => one.steps.length))
  const steps: Step[] = []
  for (let at = 0; at < longest; at += 1) {
    for (const one of planned) {
      const step = one.steps[at]
      if (step !== undefined) steps.push(step)
    }
  }
  return { steps, finishes: planned.map((one) => one.finish) }
}

function planOne(answer: Answer, choice: number, bounds: Bounds) {
  const calls = answer.toolCalls.length > 0
  const all = calls ? toolSteps(answer, choice) : textSteps(answer.text, choice, bounds)
  const steps = all.slice(0, bounds.maxTokens)
  const cut = steps.length < all.length || (bounds.ignoreEnd && !calls)
  const finish: 'stop' | 'length' | 'tool_calls' = cut ? 'length' : calls ? 'tool_calls' : 'stop'
  return { steps, finish }
}

function textSteps(text: string, choice: number, bounds: Bounds): Step[] {
  const ends = bounds.stop.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
  let tokens = tokenize(ends.length === 0 ? text : text.slice(0, Math.min(...ends)))
  if (bounds.ignoreEnd) tokens = Array.from({ length: bounds.maxTokens }, (_, at) => tokens[at % tokens.length] ?? ' .')
  return tokens.map((token) => ({ choice, token, delta: { content: token } }))
}

function toolSteps(answer: Answer, choice: number): Step[] {
  return answer.toolCalls.flatMap((call, index) => [
    {
      choice,
      token: call.name,
      delta: {
        tool_calls: [{ index, id: call.id, type: 'function' as const, function: { name: call.name, arguments: '' } }],
      },
    },
    ...tokenize(call.arguments).map((token) => ({
      choice,
      token,
      delta: { tool_calls: [{ index, function: { arguments: token } }] },
    })),
  ])
}

/** What a choice amounts to when it is not streamed. */
export function joinSteps(steps: readonly Step[], choice: number) {
  let content = ''
  const calls: { id: string; type: 'function'; function: { name: string; arguments: string } }[] = []
  for (const step of steps) {
    if (step.choice !== choice) continue
    content += step.delta.content ?? ''
    for (const part of step.delta.tool_calls ?? []) {
      if (part.id !== undefined) {
        calls.push({ id: part.id, type: 'function', function: { name: part.function.name ?? '', arguments: '' } })
      }
      const call = calls[part.index]
      if (call !== undefined) call.function.arguments += part.function.arguments
    }
  }
  return { content, calls }
}
