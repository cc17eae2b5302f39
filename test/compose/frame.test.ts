/** Frames: what is asked of which store, and which refusal comes first. */
import { expect, it } from 'vitest'
import { frameOf } from '../../src/compose/frame.ts'
import type { Profile, Template } from '../../src/core/prompts/types.ts'
import { callerOf, framing } from '../support/framing.ts'

const ABOUT: Template = { messages: [{ role: 'system', content: '{{tags}}' }], variables: { tags: { type: 'json' } } }
const GREET: Template = { messages: [{ role: 'user', content: 'Hello' }] }
const ADA: Profile = { attributes: {}, tags: ['vip'] }
const greet = { id: 'greet', version: null, variables: {} }
const world = () => framing({ about: [ABOUT], greet: [GREET] }, { ada: ADA })

it('has both', async () => {
  const { services } = world()
  expect(await frameOf(services, { caller: callerOf('about') }, { user: 'ada', prompt: greet })).toEqual({
    system: '<tags>["vip"]</tags>',
    messages: GREET.messages,
  })
})

it('asks nobody about what is not named', async () => {
  const { services, asked } = world()
  const nothing = { system: null, messages: [] }
  expect(await frameOf(services, { caller: callerOf() }, { user: 'ada', prompt: null })).toEqual(nothing)
  expect(await frameOf(services, { caller: callerOf('about') }, { user: undefined, prompt: null })).toEqual(nothing)
  expect(asked).toEqual([])
})

it('refuses by what the caller can mend first', async () => {
  const { services, down } = world()
  down.users = true
  const both = { user: 'ada', prompt: { ...greet, version: 9 } }
  expect(await frameOf(services, { caller: callerOf('about') }, both)).toMatchObject({ param: 'prompt.version' })
  expect(await frameOf(services, { caller: callerOf('about') }, { ...both, prompt: greet })).toMatchObject({
    code: 'overloaded',
  })
})
