/** Turns what a schema found wrong into faults with JSON Pointer paths, every one of them. No I/O. */
import type { z } from 'zod'
import type { Fault } from './control.ts'

type Issue = z.core.$ZodIssue

/** A JSON Pointer (RFC 6901) to a place; the empty pointer is the whole document. */
export function pointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** All faults of a failed parse, in document order as the schema walked it. Input values never appear in a message. */
export function faultsOf(error: z.core.$ZodError): Fault[] {
  return error.issues.flatMap((issue) => faultsOfIssue(issue, []))
}

function faultsOfIssue(issue: Issue, above: readonly PropertyKey[]): Fault[] {
  const path = [...above, ...issue.path]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: pointer([...path, key]), message: 'is not a known field' }))
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({ path: pointer(path), message }))
    case 'invalid_union':
      return faultsOfUnion(issue.errors, path)
    default:
      return [{ path: pointer(path), message: worded(issue) }]
  }
}

/** The branch that has the right type tells what is wrong inside it; if none has, one fault says what was expected. */
function faultsOfUnion(branches: readonly (readonly Issue[])[], path: readonly PropertyKey[]): Fault[] {
  const meant = branches.find(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  )
  if (meant !== undefined) return meant.flatMap((issue) => faultsOfIssue(issue, path))
  const expected = branches.flatMap((issues) => issues.flatMap((issue) => expectedBy(issue) ?? []))
  return [{ path: pointer(path), message: expected.length === 0 ? 'is not valid' : `must be ${expected.join(' or ')}` }]
}

const expectedBy = (issue: Issue): string | null => (issue.code === 'invalid_type' ? kindOf(issue.expected) : null)

/** A JSON type in words. */
const kindOf = (type: string): string => KINDS[type] ?? type

const KINDS: Readonly<Record<string, string>> = {
  array: 'an array',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a string',
}

function worded(issue: Issue): string {
  if (issue.code !== 'invalid_type') return issue.message
  return issue.message.endsWith('received undefined')
    ? `is required (${kindOf(issue.expected)})`
    : `must be ${kindOf(issue.expected)}`
}
