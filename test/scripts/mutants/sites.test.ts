/** Where functions can be broken, and what the broken source says. */
import { describe, expect, it } from 'vitest'
import { mutate, targetsOf } from '../../../scripts/mutants/sites.ts'

function broken(text: string): string[] {
  return targetsOf('src/a.ts', text).flatMap(({ mutants }) => mutants.map((one) => `${one.kind}: ${mutate(text, one)}`))
}

describe('targets', () => {
  it('are exported functions, the outermost ones, and public methods', () => {
    const text = `
export function f() { return 1 }
export const g = (x) => x
export class C { constructor() { go() } m() { return 1 } get size() { return 2 } #own() { return 3 } }
export const clock = { now: () => 1, after(ms) { return [ms].map((x) => x) } }
export default { fetch() { return 1 } }
function inner() { return 1 }
export type T = string
export const LIMIT = 3
export function nothing() {}
`
    const names = targetsOf('src/a.ts', text).map((target) => target.name)
    expect(names).toEqual(['f', 'g', 'C.m', 'C.size', 'clock.now', 'clock.after', 'fetch'])
  })

  it('carry the line of the edit', () => {
    const [target] = targetsOf('src/a.ts', 'export function f() {\n\n  if (a) b()\n}')
    expect(target?.mutants.map((mutant) => mutant.line)).toEqual([1, 3, 3, 3])
  })
})

describe('edits', () => {
  it('empty a body', () => {
    expect(broken('export function f() { go() }')).toEqual(['emptied body: export function f() {}'])
    expect(broken('export const f = () => 1')).toEqual(['emptied body: export const f = () => undefined'])
  })

  it('remove or turn a condition', () => {
    expect(broken('export function f() { if (a) b(); else c() }').slice(1)).toEqual([
      'swapped branch: export function f() { if (!(a)) b(); else c() }',
      'removed condition: export function f() { if (true) b(); else c() }',
      'removed condition: export function f() { if (false) b(); else c() }',
    ])
    expect(broken('export const f = () => (a ? b : c)').slice(1)).toEqual([
      'swapped branch: export const f = () => (!(a) ? b : c)',
      'removed condition: export const f = () => (true ? b : c)',
      'removed condition: export const f = () => (false ? b : c)',
    ])
  })

  it('drop one side of a conjunction or disjunction, inner functions included', () => {
    expect(broken('export const f = () => go(() => a && b)').slice(1)).toEqual([
      'removed condition: export const f = () => go(() => (a))',
      'removed condition: export const f = () => go(() => (b))',
    ])
    expect(broken('export const f = () => go(a ?? b)')).toHaveLength(1)
  })
})
