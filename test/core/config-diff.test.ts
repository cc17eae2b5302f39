/** Differences between documents. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { configChanges } from '../../src/core/config-diff.ts'
import type { ConfigChange } from '../../src/core/control.ts'

it('names the smallest part that differs', () => {
  const before = { models: { a: { retries: 1, targets: [{ model: 'x' }, { model: 'y' }] } }, log: 'all' }
  const after = { models: { a: { retries: 2, targets: [{ model: 'x' }] }, 'b/c': {} }, log: 'all' }
  expect(configChanges(before, after)).toEqual([
    { path: '/models/a/retries', op: 'replace', before: 1, after: 2 },
    { path: '/models/a/targets/1', op: 'remove', before: { model: 'y' } },
    { path: '/models/b~1c', op: 'add', after: {} },
  ])
})

it('takes a change of kind as one replacement', () => {
  expect(configChanges({ a: [1] }, { a: { 0: 1 } })).toEqual([
    { path: '/a', op: 'replace', before: [1], after: { 0: 1 } },
  ])
  expect(configChanges({ a: null }, { a: {} })).toEqual([{ path: '/a', op: 'replace', before: null, after: {} }])
})

/** What a reader would do with the changes: apply them to the old document. */
function applied(document: unknown, changes: readonly ConfigChange[]): unknown {
  const root = { '': structuredClone(document) } as Record<string, unknown>
  // From the end, so that removing one item of an array moves none that is still to be removed.
  for (const { path, op, after } of [...changes].reverse()) {
    const steps = `${path}`.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    const name = steps.pop() ?? ''
    const parent = (
      steps.length === 0 ? root : steps.reduce<unknown>((at, step) => Reflect.get(Object(at), step), root)
    ) as object
    // Defined, not set: a document may well name something `__proto__`.
    const own = { value: after, writable: true, enumerable: true, configurable: true }
    if (op !== 'remove') Reflect.defineProperty(parent, name, own)
    else if (Array.isArray(parent)) parent.splice(Number(name), 1)
    else Reflect.deleteProperty(parent, name)
  }
  return root['']
}

it('leads from any document to any other, and from one to itself by nothing', () => {
  const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown)
  fc.assert(
    fc.property(json, json, (before, after) => {
      expect(applied(before, configChanges(before, after))).toEqual(after)
      expect(configChanges(before, structuredClone(before))).toEqual([])
    }),
  )
})
