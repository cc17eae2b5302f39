/** Prometheus' text format, line by line. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { samplesOf } from '../../src/lib/prometheus.ts'

/** The one sample of a line of the metric `m`, or null. */
function read(line: string): { value: number; labels: Record<string, string> } | null {
  const [sample, more] = samplesOf(line, new Set(['m', 'm:a']))
  expect(more).toBeUndefined()
  return sample === undefined ? null : { value: sample.value, labels: Object.fromEntries(sample.labels) }
}

it.each([
  ['m 1', 1, {}],
  ['m:a 12.47', 12.47, {}],
  ['  m\t \t1.5e-06\t', 1.5e-6, {}],
  ['m{} 1', 1, {}],
  ['m {a="b"}1', 1, { a: 'b' }],
  ['m{a="b", c="d"} 2', 2, { a: 'b', c: 'd' }],
  ['m{ a = "b" , c = "d" , } -3.', -3, { a: 'b', c: 'd' }],
  ['m{a="}",b=",",c="# {"} .5', 0.5, { a: '}', b: ',', c: '# {' }],
  [String.raw`m{a="C:\\D\"x\"\n\t"} 1`, 1, { a: 'C:\\D"x"\n\\t' }],
  ['m{a="",b="日本"} 1', 1, { a: '', b: '日本' }],
  ['m 3 1395066363000', 3, {}],
  ['m{a="b"} 3 -3982045', 3, { a: 'b' }],
  ['m{le="0.1"} 8 1520879607.789 # {trace_id="x} 9"} 0.067', 8, { le: '0.1' }],
  ['m 8 # {trace_id="KOO5S4vxi0o"} 0.67', 8, {}],
  ['m +Inf', Number.POSITIVE_INFINITY, {}],
  ['m -Inf 1', Number.NEGATIVE_INFINITY, {}],
  ['m NaN', Number.NaN, {}],
  ['m 1\r', 1, {}],
])('reads %j', (line, value, labels) => {
  expect(read(line)).toEqual({ value, labels })
})

it.each([
  '',
  '# HELP m 1',
  '#m 1',
  'm',
  'm{a="b"}',
  'm one',
  'm 0x10',
  'm 1,5',
  'm{a="b" 1',
  'm{a="b} 1',
  'm{a=b} 1',
  'm{a="b" c="d"} 1',
  'm{,} 1',
  'm{"m"} 1',
  'mm 1',
  'other{m="1"} 1',
  `m{a="${'x'.repeat(20_000)}"} 1`,
])('finds nothing in %.40j', (line) => {
  expect(read(line)).toBeNull()
})

it('passes over what it does not understand, and goes on', () => {
  const page = '# TYPE m counter\nm{a="b 1\n\nm{a="b"} 2\nother 4\nm 3'
  expect(samplesOf(page, new Set(['m'])).map(({ value }) => value)).toEqual([2, 3])
})

it('reads back whatever labels and values were written by the specification', () => {
  const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  const labels = fc.dictionary(fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/), fc.string({ unit: 'grapheme' }), {
    noNullPrototype: true,
  })
  const value = fc.double({ noNaN: true, noDefaultInfinity: true })
  fc.assert(
    fc.property(labels, value, (written, number) => {
      const inside = Object.entries(written).map(([name, text]) => `${name}="${escaped(text)}"`)
      const [sample] = samplesOf(`# HELP m x\nm{${inside.join(',')}} ${number} 1\n`, new Set(['m']))
      expect(Object.fromEntries(sample?.labels ?? [])).toEqual({ ...written })
      expect(sample?.value).toBe(number === 0 ? Number(String(number)) : number)
    }),
  )
})

it('is never undone by what it is given', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('m', '{', '}', '"', '\\', ',', '=', ' ', '1', '\n', 'a', '#')), (parts) => {
      for (const { name, value } of samplesOf(parts.join(''), new Set(['m'])))
        expect([name, typeof value]).toEqual(['m', 'number'])
    }),
  )
})
