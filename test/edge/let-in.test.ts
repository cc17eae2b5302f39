/** Who asks: by the key, or by having been let in before. */
import { expect, it } from 'vitest'
import { enter } from '../../src/authenticate/enter.ts'
import { letIn } from '../../src/edge/let-in.ts'
import { isolate } from '../support/worker.ts'

it('lets in by the key alone, but for what an object answers', async () => {
  const at = await isolate()
  const edge = at as unknown as Parameters<typeof letIn>[0]
  const good = await letIn(edge, new Request('https://sluice.test/', { headers: { 'x-api-key': at.key } }))
  expect(good).toMatchObject({ kind: 'entry', caller: { tenantId: at.place.id } })
  const request = new Request('https://sluice.test/')
  expect(await letIn(edge, request)).toMatchObject({ kind: 'refused', refusal: { code: 'invalid_api_key' } })
  const entry = await enter(at.services, at.guard, { authorization: null, apiKey: at.key })
  if (entry.kind === 'refused') throw new Error(entry.refusal.message)
  const identity = { requestId: 'r', startedAtMs: 1 }
  at.owned.set(request, { entry, identity, headingId: undefined, isBackground: false })
  expect(await letIn(edge, request)).toMatchObject({ kind: 'entry', caller: { tenantId: at.place.id } })
  expect(await letIn(edge, request.clone() as Request)).toMatchObject({ kind: 'refused' })
})
