/** The stores of frames, together with what an isolate keeps of them. */
import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { createFrameStores } from '../../../src/stores/embedded/frames.ts'
import { freshPlace, tools } from '../../support/tenant-object.ts'

it('reads what it has put, and keeps each by its size', async () => {
  const stores = createFrameStores(env, { ...tools, background: () => {} })
  const place = await freshPlace()
  const template = { messages: [{ role: 'user' as const, content: 'Hello' }] }
  await stores.promptAdmin(place).put('greet', template, 'ops')
  const load = async () => ({ stored: await stores.prompts.template(place, 'greet', null) })
  const kept = await stores.templates.get('greet', load)
  expect(kept.stored?.template).toEqual(template)
  expect(await stores.templates.get('greet', load)).toBe(kept)
  await stores.users.putProfile(place, 'ada', 'sealed')
  const sealed = async () => ({ sealed: (await stores.users.profile(place, 'ada'))?.sealed ?? null, opened: null })
  expect(await stores.profiles.get('ada', sealed)).toMatchObject({ sealed: 'sealed' })
})
