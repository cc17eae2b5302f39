/** Who watches which stream: by its form, and by what is looked for in it. */
import { expect, it } from 'vitest'
import { cutterOf } from '../../src/dispatch/cutter-of.ts'
import { EventCutter } from '../../src/dispatch/event-cutter.ts'
import { NativeCutter } from '../../src/dispatch/native-cutter.ts'
import { RepetitionCutter } from '../../src/dispatch/repetition-cutter.ts'

const RULE = { timesMin: 5, charsMin: 40 }
const chat = { wantsUsage: true, operation: 'chat' } as const

it.each([
  ['openai', chat, undefined, EventCutter],
  ['openai', chat, RULE, RepetitionCutter],
  ['openai', { ...chat, operation: 'completions' }, RULE, EventCutter],
  ['messages', chat, RULE, NativeCutter],
  ['responses', chat, undefined, NativeCutter],
] as const)('%s %j', (form, request, rule, expected) => {
  expect(cutterOf(form, request, rule)).toBeInstanceOf(expected)
})
