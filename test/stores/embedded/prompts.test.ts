/** The embedded templates: what the admin API puts the request path reads. */
import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { createPromptAdmin, createPrompts } from '../../../src/stores/embedded/prompts.ts'
import { freshPlace, tools } from '../../support/tenant-object.ts'

it('reads the newest, or a version', async () => {
  const place = await freshPlace()
  const [admin, store] = [createPromptAdmin(env.TENANT, place, tools), createPrompts(env.TENANT, tools)]
  expect(await store.template(place, 'greet', null)).toBeNull()
  const saying = (content: string) => ({ messages: [{ role: 'user' as const, content }] })
  await admin.put('greet', saying('one'), 'ops')
  await admin.put('greet', saying('two'), 'ops')
  expect(await store.template(place, 'greet', null)).toMatchObject({ version: 2, template: saying('two') })
  expect(await store.template(place, 'greet', 1)).toMatchObject({ version: 1, template: saying('one') })
  expect(await store.template({ ...place, generation: 'other' }, 'greet', 1)).toBeNull()
})
