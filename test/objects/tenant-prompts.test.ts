/** A tenant's templates in its object: versions, their bounds, and an audit entry for every change. */
import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { beforeEach, expect, it } from 'vitest'
import { TEMPLATE_VERSIONS_MAX, TEMPLATES_PER_TENANT_MAX } from '../../src/core/prompts/limits.ts'
import type { Template } from '../../src/core/prompts/types.ts'
import type { TenantPlace } from '../../src/core/tenant.ts'
import { tenantStub } from '../../src/lib/object-places.ts'
import type { TenantObject } from '../../src/objects/tenant.ts'
import { createPromptAdmin } from '../../src/stores/embedded/prompts.ts'
import { createTenantAdmin } from '../../src/stores/embedded/tenants.ts'
import { auditOf, directory, freshPlace, tables, tools } from '../support/tenant-object.ts'

let place: TenantPlace
const prompts = () => createPromptAdmin(env.TENANT, place, tools)
const saying = (content: string, more: Partial<Template> = {}): Template => ({
  messages: [{ role: 'system', content }],
  ...more,
})

beforeEach(async () => {
  place = await freshPlace()
})

it('makes a version of every change, and of none that changes nothing', async () => {
  const variables = { a: { type: 'json' as const, default: { x: [1, null] } }, b: { type: 'string' as const } }
  expect(await prompts().put('greet', saying('{{a}}{{b}}', { variables }), 'ops')).toEqual({
    created: true,
    version: 1,
  })
  const { a, b } = variables
  const again = saying('{{a}}{{b}}', { variables: { b, a } })
  expect(await prompts().put('greet', again, 'ops')).toEqual({ created: false, version: 1 })
  expect(await prompts().put('greet', saying('two', { description: 'Second' }), 'ops')).toEqual({
    created: false,
    version: 2,
  })
  await evictDurableObject(tenantStub<TenantObject>(env.TENANT, place))
  expect(await prompts().read('greet', null)).toMatchObject({ version: 2, actor: 'ops', rollbackOf: null })
  expect((await prompts().read('greet', 1))?.template).toEqual(saying('{{a}}{{b}}', { variables }))
  expect(await prompts().read('greet', 3)).toBeNull()
  expect(await prompts().read('other', null)).toBeNull()
  expect(await prompts().list()).toEqual([{ name: 'greet', version: 2, at: expect.any(String), description: 'Second' }])
})

it('brings an old version back as a new one, and forgets all of them', async () => {
  await prompts().put('greet', saying('one'), 'ops')
  await prompts().put('greet', saying('two'), 'ops')
  expect(await prompts().rollback('greet', 1, 'eve')).toEqual({ version: 3 })
  expect(await prompts().rollback('greet', 9, 'eve')).toBeNull()
  expect(await prompts().rollback('other', 1, 'eve')).toBeNull()
  expect(await prompts().versions('greet')).toMatchObject([
    { version: 3, actor: 'eve', rollbackOf: 1 },
    { version: 2, rollbackOf: null },
    { version: 1, rollbackOf: null },
  ])
  expect((await prompts().read('greet', null))?.template).toEqual(saying('one'))
  expect(await prompts().delete('greet', 'ops')).toBe('deleted')
  expect(await prompts().delete('greet', 'ops')).toBeNull()
  expect(await prompts().read('greet', 1)).toBeNull()
  expect(await prompts().list()).toEqual([])
  expect(await prompts().rollback('greet', 1, 'ops')).toBeNull()
  // A version is never used twice: who names one gets that one, or none.
  expect(await prompts().put('greet', saying('new'), 'ops')).toEqual({ created: true, version: 4 })
  const at = `tenants/${place.id}/prompts/greet`
  expect((await auditOf(place.id)).slice(1)).toMatchObject([
    { actor: 'ops', action: 'prompt.create', subject: at, after: { version: 1 } },
    { actor: 'ops', action: 'prompt.replace', subject: at, before: { version: 1 }, after: { version: 2 } },
    {
      actor: 'eve',
      action: 'prompt.rollback',
      subject: at,
      before: { version: 2 },
      after: { version: 3, rollbackOf: 1 },
    },
    { actor: 'ops', action: 'prompt.delete', subject: at, before: { version: 3 } },
    { actor: 'ops', action: 'prompt.create', subject: at, after: { version: 4 } },
  ])
})

it('keeps the newest versions', async () => {
  for (let number = 1; number <= TEMPLATE_VERSIONS_MAX + 2; number++)
    await prompts().put('greet', saying(`${number}`), 'ops')
  const versions = await prompts().versions('greet')
  expect(versions).toHaveLength(TEMPLATE_VERSIONS_MAX)
  expect(versions?.at(-1)?.version).toBe(3)
})

it('has so many templates, and room for another when one goes', async () => {
  const stub = tenantStub<TenantObject>(env.TENANT, place)
  await runInDurableObject(stub, (_, { storage: { sql } }) => {
    for (let number = 1; number < TEMPLATES_PER_TENANT_MAX; number++)
      sql.exec('INSERT INTO prompts VALUES (?, 1, 0)', `p${number}`)
  })
  expect(await prompts().put('last', saying('x'), 'ops')).toEqual({ created: true, version: 1 })
  expect(await prompts().put('more', saying('x'), 'ops')).toBe('full')
  expect(await prompts().put('last', saying('y'), 'ops')).toEqual({ created: false, version: 2 })
  await prompts().delete('last', 'ops')
  expect(await prompts().put('more', saying('x'), 'ops')).toEqual({ created: true, version: 1 })
})

it('does not lose the one that profiles go into', async () => {
  await prompts().put('about', saying('x'), 'ops')
  const tenant = createTenantAdmin(env.TENANT, place, tools)
  await tenant.patch({ profileTemplate: 'about' }, 'ops')
  expect(await prompts().delete('about', 'ops')).toBe('in-use')
  await tenant.patch({ profileTemplate: undefined }, 'ops')
  expect(await prompts().delete('about', 'ops')).toBe('deleted')
})

it('takes an object that the release before has written to', async () => {
  const stub = tenantStub<TenantObject>(env.TENANT, place)
  await runInDurableObject(stub, (_, { storage: { sql } }) => {
    sql.exec(
      'DROP TABLE prompts; DROP TABLE prompt_versions; DROP TABLE owned; DROP TABLE webhook; UPDATE schema_version SET version = 3',
    )
  })
  await evictDurableObject(stub)
  expect(await prompts().put('greet', saying('one'), 'ops')).toEqual({ created: true, version: 1 })
})

it('of a tenant that is gone are gone, and nothing is stored for asking', async () => {
  await prompts().put('greet', saying('one'), 'ops')
  await directory.deleteTenant(place.id, 'ops')
  expect(await prompts().read('greet', null)).toBeNull()
  expect(await prompts().put('greet', saying('one'), 'ops')).toBeNull()
  expect(await tables(tenantStub<TenantObject>(env.TENANT, place))).toEqual([])
})
