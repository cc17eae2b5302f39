/** Where objects live: names, hints and jurisdictions. */
import { expect, it } from 'vitest'
import { directoryStub, shardStub, tenantStub } from '../../src/lib/object-places.ts'

/** A namespace that tells what was asked of it. */
function namespace(within = 'anywhere') {
  const asked = {
    jurisdiction: (name: string) => namespace(name),
    idFromName: (name: string) => name,
    get: (id: string, options?: object) => ({ within, id, options }),
  }
  return asked as unknown as DurableObjectNamespace<Rpc.DurableObjectBranded & undefined>
}

it('has the generation in a tenant’s name', () => {
  expect(tenantStub(namespace(), { id: 'acme', generation: 'g1' })).toEqual({
    within: 'anywhere',
    id: 'acme.g1',
    options: {},
  })
})

it('numbers the shards of a tenant', () => {
  expect(shardStub(namespace(), { id: 'acme', generation: 'g1', region: 'weur' }, 3)).toEqual({
    within: 'anywhere',
    id: 'acme.g1.3',
    options: { locationHint: 'weur' },
  })
})

it('goes by region and jurisdiction', () => {
  expect(tenantStub(namespace(), { id: 'acme', generation: 'g1', region: 'weur', jurisdiction: 'eu' })).toEqual({
    within: 'eu',
    id: 'acme.g1',
    options: { locationHint: 'weur' },
  })
})

it('does without jurisdictions only where the runtime has none', () => {
  const failing = (message: string) =>
    Object.assign(namespace(), {
      jurisdiction: () => {
        throw new Error(message)
      },
    })
  const place = { id: 'acme', generation: 'g1', jurisdiction: 'eu' }
  const local = failing('Jurisdiction restrictions are not implemented in workerd.')
  expect(tenantStub(local, place)).toMatchObject({ within: 'anywhere', id: 'acme.g1' })
  expect(() => tenantStub(failing('Unknown jurisdiction'), place)).toThrow('Unknown jurisdiction')
})

it('knows one Directory', () => {
  expect(directoryStub(namespace())).toMatchObject({ id: 'directory' })
})
