/** Profiles: rendered through the tenant's template, and what is said where that cannot be done. */
import { expect, it } from 'vitest'
import { profileKey, profileName, profileText } from '../../src/compose/profile.ts'
import type { Profile, Template } from '../../src/core/prompts/types.ts'
import { callerOf, framing } from '../support/framing.ts'

const ADA: Profile = { attributes: { name: 'Ada', seats: 3 }, tags: ['vip'] }
const ALL: Template = {
  messages: [
    { role: 'system', content: 'User {{user}}: {{attributes}}' },
    { role: 'system', content: 'Tags {{tags}}' },
  ],
  variables: { user: { type: 'string' }, attributes: { type: 'json' }, tags: { type: 'json' } },
}
const textOf = (templates: Record<string, Template[]>, users: Record<string, Profile | string>, user = 'ada') => {
  const at = framing(templates, users)
  return profileText(at.services, callerOf('about'), 'about', user)
}

it('fills what the template has places for', async () => {
  expect(await textOf({ about: [ALL] }, { ada: ADA })).toBe(
    'User <user>"ada"</user>: <attributes>{"name":"Ada","seats":3}</attributes>\n\nTags <tags>["vip"]</tags>',
  )
  const tags: Template = { messages: [{ role: 'system', content: '{{tags}}' }], variables: { tags: { type: 'json' } } }
  expect(await textOf({ about: [tags] }, { ada: ADA })).toBe('<tags>["vip"]</tags>')
})

it('is nothing for a user without a profile, template or not', async () => {
  expect(await textOf({ about: [ALL] }, { ada: ADA }, 'bob')).toBeNull()
  expect(await textOf({}, {}, 'bob')).toBeNull()
})

it.each<[string, Record<string, Template[]>, RegExp]>([
  ['is missing', {}, /'about'.*does not exist.*operator/],
  [
    'needs what no profile has',
    { about: [{ messages: [{ role: 'system', content: '{{plan}}' }], variables: { plan: { type: 'string' } } }] },
    /'about' cannot be filled with this profile: 'plan' is required/,
  ],
  [
    'bounds what is longer',
    {
      about: [
        { messages: [{ role: 'system', content: '{{tags}}' }], variables: { tags: { type: 'json', maxChars: 2 } } },
      ],
    },
    /'tags' must be at most 2/,
  ],
])('is the operator’s to mend where the template %s', async (_, templates, message) => {
  const refused = await textOf(templates, { ada: ADA })
  expect(refused).toMatchObject({ code: 'misconfigured', message: expect.stringMatching(message) })
  expect(JSON.stringify(refused)).not.toContain('vip')
})

it('is opened once, kept for some seconds, and bridged in an outage', async () => {
  const { services, asked, clock, down } = framing({ about: [ALL] }, { ada: ADA })
  const get = () => profileText(services, callerOf('about'), 'about', 'ada')
  const text = await get()
  await get()
  expect(asked.filter((one) => one.includes('user'))).toEqual(['acme.g1 user ada'])
  down.users = true
  await clock.advance(20_000)
  expect(await get()).toBe(text)
  await clock.advance(30_000)
  expect(await get()).toMatchObject({ code: 'overloaded', status: 503, retryAfterMs: 1000 })
})

it('of another user, moved here, is none', async () => {
  const moved = `${JSON.stringify(profileKey('bob'))}|{}`
  expect(await textOf({ about: [ALL] }, { ada: moved })).toMatchObject({ code: 'misconfigured' })
})

it('has a name of its own for every user of every tenant', () => {
  const [one, other] = [callerOf(), { ...callerOf(), generation: 'g2' }]
  expect(new Set([profileName(one, 'a'), profileName(one, 'b'), profileName(other, 'a')]).size).toBe(3)
})
