/** How much a model is to think, from Anthropic's budgets and efforts. */
import { expect, it } from 'vitest'
import { effortOf } from '../../../src/edge/messages/decode-effort.ts'

const enabled = (budget_tokens: number) => ({ max_tokens: 10_000, thinking: { type: 'enabled', budget_tokens } })

it.each<[Readonly<Record<string, unknown>>, string | undefined]>([
  [{}, undefined],
  [{ thinking: null }, undefined],
  [{ thinking: { type: 'disabled' } }, undefined],
  [{ thinking: { type: 'adaptive' } }, undefined],
  [{ thinking: { type: 'between_tools' } }, undefined],
  [{ thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }, 'max'],
  [{ output_config: { effort: 'low' } }, 'low'],
  [{ output_config: { effort: null } }, undefined],
  [{ ...enabled(9999), output_config: { effort: 'low' } }, 'low'],
  [{ thinking: { type: 'disabled' }, output_config: { effort: 'high' } }, undefined],
  [enabled(1024), 'low'],
  [enabled(3500), 'low'],
  [enabled(3501), 'medium'],
  [enabled(6000), 'medium'],
  [enabled(6001), 'high'],
  [enabled(9999), 'high'],
])('%j: %s', (body, effort) => {
  const dropped: string[] = []
  expect(effortOf(body, (name) => dropped.push(name)).reasoning_effort).toBe(effort)
  expect(dropped).toEqual([])
})

it('says where thinking was not to be shown', () => {
  const dropped: string[] = []
  effortOf({ thinking: { type: 'adaptive', display: 'omitted' } }, (name) => dropped.push(name))
  expect(dropped).toEqual(['thinking.display'])
})
