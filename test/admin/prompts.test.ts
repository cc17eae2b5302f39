/** Prompt templates over HTTP: put, looked at, brought back, forgotten; every fault named. */
import { expect, it } from 'vitest'
import { admin, newTenant } from '../support/admin.ts'

const saying = (content: string, more = {}) => ({ messages: [{ role: 'system', content }], ...more })

it('puts versions, shows them, brings one back and forgets all', async () => {
  const id = await newTenant()
  const at = `/tenants/${id}/prompts` as const
  const variables = { city: { type: 'string', maxChars: 80 }, days: { type: 'integer', default: 3 } }
  const first = saying('{{city}} {{days}}', { variables, description: 'Trips' })

  expect(await admin(`PUT ${at}/travel`, first)).toMatchObject({ status: 201, body: { id: 'travel', version: 1 } })
  expect(await admin(`PUT ${at}/travel`, first)).toMatchObject({ status: 200, body: { version: 1 } })
  expect(await admin(`PUT ${at}/travel`, saying('two'))).toMatchObject({ status: 200, body: { version: 2 } })
  expect((await admin(`GET ${at}/travel`)).body).toEqual({
    ...{ id: 'travel', version: 2, at: expect.any(String), actor: 'admin/current', rollbackOf: null },
    ...saying('two'),
  })
  expect((await admin(`GET ${at}/travel?version=1`)).body).toMatchObject({ version: 1, ...first })
  expect((await admin(`GET ${at}/travel?version=3`)).status).toBe(404)
  expect((await admin(`GET ${at}/travel?version=x`)).status).toBe(400)

  expect(await admin(`POST ${at}/travel/rollback`, { version: 1 })).toMatchObject({
    ...{ status: 200, body: { id: 'travel', version: 3 } },
  })
  expect((await admin(`GET ${at}/travel`)).body).toMatchObject({ rollbackOf: 1, ...first })
  expect((await admin(`POST ${at}/travel/rollback`, { version: 9 })).status).toBe(404)
  const newest = await admin(`GET ${at}/travel/versions?limit=2`)
  expect(newest.body).toMatchObject({
    data: [{ version: 3, rollbackOf: 1 }, { version: 2 }],
    has_more: true,
    last: '2',
  })
  expect((await admin(`GET ${at}/travel/versions?after=2`)).body).toMatchObject({
    data: [{ version: 1 }],
    has_more: false,
  })

  await admin(`PUT ${at}/a`, saying('x'))
  expect((await admin(`GET ${at}`)).body).toEqual({
    data: [
      { id: 'a', version: 1, at: expect.any(String), description: null },
      { id: 'travel', version: 3, at: expect.any(String), description: 'Trips' },
    ],
    has_more: false,
    last: 'travel',
  })
  expect((await admin(`GET ${at}?limit=1`)).body).toMatchObject({ data: [{ id: 'a' }], has_more: true, last: 'a' })

  expect((await admin(`DELETE ${at}/travel`)).status).toBe(204)
  expect((await admin(`DELETE ${at}/travel`)).status).toBe(404)
  expect((await admin(`GET ${at}/travel/versions`)).status).toBe(404)
  expect((await admin(`POST ${at}/travel`, {})).status).toBe(405)
  const { data } = (await admin('GET /audit?limit=1000')).body
  const mine = data.filter(({ subject }: { subject: string }) => subject === `tenants/${id}/prompts/travel`)
  expect(mine.map(({ action }: { action: string }) => action)).toEqual([
    ...['prompt.create', 'prompt.replace', 'prompt.rollback', 'prompt.delete'],
  ])
})

it('lists everything that is wrong, and changes nothing', async () => {
  const id = await newTenant()
  const bad = {
    messages: [
      { role: 'assistant', content: 'In {{town}}' },
      { role: 'tool', content: 1 },
    ],
    variables: { n: { type: 'integer', default: 'x' }, 'a-b': { type: 'date' } },
    extra: 1,
  }
  const { status, body } = await admin(`PUT /tenants/${id}/prompts/no%20name`, bad)
  expect(status).toBe(400)
  const paths = body.error.faults.map(({ path }: { path: string }) => path)
  for (const path of [
    ...['/name', '/extra', '/messages/0/content', '/messages/0/role', '/messages/1/role', '/messages/1/content'],
    ...['/variables/n', '/variables/n/default', '/variables/a-b', '/variables/a-b/type'],
  ])
    expect(paths).toContain(path)
  expect((await admin(`GET /tenants/${id}/prompts`)).body.data).toEqual([])
})

it('keeps the template that profiles go into, and knows its own tenant only', async () => {
  const id = await newTenant({ profileTemplate: 'about' })
  expect((await admin(`GET /tenants/${id}`)).body.profileTemplate).toBe('about')
  await admin(`PUT /tenants/${id}/prompts/about`, saying('x'))
  const refused = await admin(`DELETE /tenants/${id}/prompts/about`)
  expect(refused).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } })
  expect(refused.body.error.message).toContain('profileTemplate')
  expect((await admin(`PATCH /tenants/${id}`, { profileTemplate: null })).body).not.toHaveProperty('profileTemplate')
  expect((await admin(`PATCH /tenants/${id}`, { profileTemplate: 'not a name' })).status).toBe(400)
  expect((await admin(`DELETE /tenants/${id}/prompts/about`)).status).toBe(204)

  const other = await newTenant()
  await admin(`PUT /tenants/${id}/prompts/mine`, saying('x'))
  expect((await admin(`GET /tenants/${other}/prompts/mine`)).status).toBe(404)
  expect((await admin('GET /tenants/nobody/prompts')).status).toBe(404)
  expect((await admin('PUT /tenants/nobody/prompts/x', saying('x'))).status).toBe(404)
})
