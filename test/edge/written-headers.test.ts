/** Headers written in place: each reply has what it was given and nothing of another, whatever came before it. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { WrittenHeaders } from '../../src/edge/written-headers.ts'

const reply = (written: WrittenHeaders, headers: Record<string, string>): Response =>
  new Response('', { headers: written.of(headers) })

const said = (response: Response): Record<string, string> => Object.fromEntries(response.headers)

it('gives each reply its own headers, also when they are read after those of others', () => {
  const name = fc.constantFrom('x-request-id', 'age', 'x-sluice-target', 'ratelimit', 'server-timing', 'content-type')
  const headers = fc.dictionary(name, fc.constantFrom('0', '1', 'a', 'b; c=1'))
  fc.assert(
    fc.property(fc.array(headers, { maxLength: 12 }), (all) => {
      const written = new WrittenHeaders()
      const replies = all.map((one) => reply(written, one))
      expect(replies.map((one) => ({ 'content-type': 'text/plain;charset=UTF-8', ...said(one) }))).toEqual(
        all.map((one) => ({ 'content-type': 'text/plain;charset=UTF-8', ...one })),
      )
    }),
  )
})

it('is whole again after a value that no header can have', () => {
  const written = new WrittenHeaders()
  reply(written, { age: '1', ratelimit: 'r=1' })
  expect(() => written.of({ age: '2', 'x-sluice-target': 'a\nb' })).toThrow(TypeError)
  expect(said(reply(written, { age: '1', 'content-type': 'a/b' }))).toEqual({ age: '1', 'content-type': 'a/b' })
  expect(said(reply(written, { age: '2', 'content-type': 'a/b' }))).toEqual({ age: '2', 'content-type': 'a/b' })
})

it('does not rely on what becomes of a record that it was given', () => {
  const written = new WrittenHeaders()
  const headers: Record<string, string> = { age: '1', 'x-sluice-target': 'a' }
  reply(written, headers)
  headers['x-sluice-target'] = 'b'
  headers['x-other'] = 'c'
  expect(said(reply(written, { age: '2', 'x-sluice-target': 'b' }))).toMatchObject({ age: '2', 'x-sluice-target': 'b' })
  expect(said(reply(written, { age: '3' }))).not.toHaveProperty('x-sluice-target')
})
