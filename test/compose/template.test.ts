/** Templates by name: which version, what is wrong with how one is asked for, and how long one is kept. */
import { expect, it } from 'vitest'
import { keptTemplate, promptMessages } from '../../src/compose/template.ts'
import type { Template } from '../../src/core/prompts/types.ts'
import { callerOf, framing } from '../support/framing.ts'

const saying = (content: string): Template => ({ messages: [{ role: 'system', content }] })
const TRAVEL: Template = {
  messages: [{ role: 'system', content: 'In {{city}}.' }],
  variables: { city: { type: 'string' } },
}
const ask = (id: string, version: number | null = null, variables: Record<string, unknown> = {}) => ({
  id,
  version,
  variables,
})

it('fills the newest, or the version asked for', async () => {
  const { services } = framing({ greet: [saying('one'), saying('two')], travel: [TRAVEL] })
  const caller = callerOf()
  expect(await promptMessages(services, caller, ask('greet'))).toEqual(saying('two').messages)
  expect(await promptMessages(services, caller, ask('greet', 1))).toEqual(saying('one').messages)
  expect(await promptMessages(services, caller, ask('travel', null, { city: 'Rome' }))).toEqual([
    { role: 'system', content: 'In <city>"Rome"</city>.' },
  ])
})

it.each([
  ['prompt.id', ask('nothing'), /no prompt template 'nothing'/],
  ['prompt.id', ask('nothing', 3), /no prompt template 'nothing'/],
  ['prompt.version', ask('travel', 3), /'travel' has no version 3. Leave/],
  ['prompt.variables.city', ask('travel'), /'city' is required.*Put it into the variables/],
  ['prompt.variables.city', ask('travel', null, { city: 1 }), /'city' must be a string/],
  [
    'prompt.variables.town',
    ask('travel', null, { city: 'x', town: 'y' }),
    /'town' is no variable of this template. It has city\.$/,
  ],
])('refuses what names %s', async (param, asked, message) => {
  const { services } = framing({ travel: [TRAVEL] })
  expect(await promptMessages(services, callerOf(), asked)).toMatchObject({
    ...{ code: 'invalid_request', status: 400, param, message: expect.stringMatching(message) },
  })
})

it('asks once, then again when that has aged; an outage is bridged, and at last a refusal to be tried again', async () => {
  const { services, asked, clock, down } = framing({ travel: [TRAVEL] })
  const get = () => keptTemplate(services, callerOf(), 'travel', null)
  await get()
  expect(await get()).toBe(TRAVEL)
  expect(asked).toEqual(['acme.g1 travel@newest'])
  down.prompts = true
  await clock.advance(20_000)
  expect(await get()).toBe(TRAVEL)
  await clock.advance(30_000)
  expect(await get()).toMatchObject({ code: 'overloaded', status: 503, retryAfterMs: 1000 })
})

it('is that of the caller’s own generation', async () => {
  const { services, asked } = framing({ travel: [TRAVEL] })
  await keptTemplate(services, callerOf(), 'travel', null)
  await keptTemplate(services, { ...callerOf(), generation: 'g2' }, 'travel', null)
  await keptTemplate(services, { ...callerOf(), tenantId: 'other' }, 'travel', null)
  expect(asked).toEqual(['acme.g1 travel@newest', 'acme.g2 travel@newest', 'other.g1 travel@newest'])
})
