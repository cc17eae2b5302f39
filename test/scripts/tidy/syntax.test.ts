/** What the parser's front makes of imports, exports and fetches. */
import { describe, expect, it } from 'vitest'
import { readSource } from '../../../scripts/tidy/syntax.ts'

describe('imports', () => {
  it.each([
    ["import { a } from './a.ts'", 'value'],
    ["import './a.ts'", 'value'],
    ["import { type B, a } from './a.ts'", 'value'],
    ["export { a } from './a.ts'", 'value'],
    ["export * from './a.ts'", 'value'],
    ["const a = await import('./a.ts')", 'value'],
    ["import type { A } from './a.ts'", 'type'],
    ["import { type A } from './a.ts'", 'type'],
    ["export type { A } from './a.ts'", 'type'],
    ["let a: import('./a.ts').A", 'type'],
    ["type A = typeof import('./a.ts')", 'type'],
  ])('%s is a %s', (text, kind) => {
    expect(readSource(`\n${text}`).imports).toEqual([{ specifier: './a.ts', line: 2, kind }])
  })
})

describe('exports code', () => {
  it.each([
    'export function f() {}',
    'export class C {}',
    'export const f = () => 1',
    'export const schema = z.object({})',
    'export const form = /a+/',
    "export { f } from './f.ts'",
    'export default { fetch() {} }',
  ])('%s', (text) => {
    expect(readSource(text).exportsCode).toBe(true)
  })

  it.each([
    'export type A = string',
    'export interface A {}',
    'export const BYTES_MAX = 10 * 1024',
    "export const names = ['a', 'b'] as const",
    'export const table = { a: 1, ...other } satisfies Record<string, number>',
    'export declare const a: string',
    "export type { A } from './a.ts'",
    'function f() {}',
  ])('not %s', (text) => {
    expect(readSource(text).exportsCode).toBe(false)
  })
})

describe('fetch', () => {
  it.each([
    'fetch(url)',
    'globalThis.fetch(url)',
    'const send = fetch',
    'create({ fetch: globalThis.fetch })',
    'create({ fetch })',
    'stub.fetch(url, init)',
    'binding?.fetch(url)',
  ])('%s is an outgoing call', (text) => {
    expect(readSource(`\n${text}`).fetchLines).toContain(2)
  })

  it.each([
    'export default { fetch: (request) => answer(request) }',
    'export default { fetch(request) {} }',
    'app.fetch(request, env, context)',
    'create({ fetch: (url, init) => outgoing(url, init) })',
    'type Fetch = typeof fetch',
  ])('%s is none', (text) => {
    expect(readSource(text).fetchLines).toEqual([])
  })
})

it('reports a file that does not parse with its line', () => {
  expect(readSource('const a = 1\nconst b = = 2').fault?.line).toBe(2)
})
