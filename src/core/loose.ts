/** Looking into JSON whose shape is not known yet: what is not there, or of another kind, is absent. No I/O. */

/** A field of an object; undefined when there is none, or it is not an object. */
export function field(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** The named members of an object. */
export function members(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : []
}

/** The items of an array. */
export function items(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** An object that is not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
