/** What changed between two documents: the smallest subtrees that were added, removed or replaced. No I/O. */
import type { ConfigChange } from './control.ts'
import { pointer } from './faults.ts'
import { isObject } from './loose.ts'

/**
 * Changes from one JSON value to another, in the order of the documents. Objects and arrays are entered, arrays by
 * index; anything else that differs is one change.
 */
export function configChanges(before: unknown, after: unknown, path: readonly PropertyKey[] = []): ConfigChange[] {
  if (Object.is(before, after)) return []
  if (isObject(before) && isObject(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...names].flatMap((name) => memberChanges(before, after, name, path))
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length)
    return Array.from({ length }, (_, index) => index).flatMap((index) => memberChanges(before, after, index, path))
  }
  return [{ path: pointer(path), op: 'replace', before, after }]
}

function memberChanges(before: object, after: object, name: PropertyKey, path: readonly PropertyKey[]): ConfigChange[] {
  const at = [...path, name]
  const was: unknown = Reflect.get(before, name)
  const is: unknown = Reflect.get(after, name)
  if (!Object.hasOwn(before, name)) return [{ path: pointer(at), op: 'add', after: is }]
  if (!Object.hasOwn(after, name)) return [{ path: pointer(at), op: 'remove', before: was }]
  return configChanges(was, is, at)
}
