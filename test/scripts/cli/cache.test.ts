/** tenant cache, tenant purge. */
import { expect, it } from 'vitest'
import { cliAgainst } from '../../support/cli.ts'

const view = {
  entries: 12,
  bytes: 34_567,
  hits: { exact: 30, semantic: 4, coalesced: 1 },
  corrupt: 0,
  savedTokens: 9000,
  savedMicroUsd: 1_234_567,
  dropped: 0,
  routes: [],
}
const route = {
  model: 'chat',
  encoder: 'embed/mini/384',
  observations: 412,
  threshold: 0.87654,
  maxErrorRate: 0.02,
  errorRate: 0.004,
  errorBound: 0.0187,
  vectors: 300,
  groups: 41,
}
const shown = (body: unknown, ...more: string[]) =>
  cliAgainst({ 'GET /admin/tenants/acme/cache': { body } }, ['tenant', 'cache', 'acme', ...more])

it('says what a cache holds and saved', async () => {
  const { code, out } = await shown(view)
  expect(code).toBe(0)
  expect(out.split('\n')).toEqual([
    'Holds 12 values in 34567 bytes.',
    'Hits: 30 exact, 4 semantic, 1 coalesced.',
    'Saved: 9000 tokens, 1.234567 USD.',
  ])
  const { out: troubled } = await shown({ ...view, entries: 1, corrupt: 2, dropped: 3 })
  expect(troubled).toMatch(/^Holds 1 value in /)
  expect(troubled).toMatch(/did not open.*: 2\.\nNo room.*: 3\.$/i)
})

it('shows a route a line, what was not measured yet too', async () => {
  const fresh = { ...route, model: 'code', observations: 3, threshold: null, errorRate: null, errorBound: null }
  const { out } = await shown({ ...view, routes: [route, fresh] })
  expect(
    out
      .split('\n')
      .slice(4)
      .map((line) => line.split(/ {2,}/)),
  ).toEqual([
    ['MODEL', 'ENCODER', 'OBSERVATIONS', 'SERVES FROM', 'ERROR', 'AT MOST', 'ALLOWED', 'QUESTIONS', 'ANSWERS'],
    ['chat', 'embed/mini/384', '412', '0.877', '0.40 %', '1.87 %', '2.00 %', '300', '41'],
    ['code', 'embed/mini/384', '3', 'never', '-', '-', '2.00 %', '300', '41'],
  ])
  expect(JSON.parse((await shown({ ...view, routes: [route] }, '--json')).out)).toEqual({ ...view, routes: [route] })
})

it('purges what the options name, or all', async () => {
  const all = await cliAgainst({ 'DELETE /admin/tenants/acme/cache': { body: { removed: 7 } } }, [
    'tenant',
    'purge',
    'acme',
  ])
  expect(all).toMatchObject({ code: 0, out: expect.stringMatching(/^7 values removed/) })
  const some = 'DELETE /admin/tenants/acme/cache?model=chat&before=2026-01-01T00%3A00%3A00Z&knowledgeVersion=v%2F2'
  const options = ['--model', 'chat', '--before', '2026-01-01T00:00:00Z', '--knowledge-version', 'v/2']
  const answers = { [some]: { body: { removed: 1 } } }
  expect((await cliAgainst(answers, ['tenant', 'purge', 'acme', ...options])).out).toMatch(/^1 value removed/)
  const { out } = await cliAgainst(answers, ['tenant', 'purge', 'acme', ...options, '--json'])
  expect(JSON.parse(out)).toEqual({ removed: 1 })
})
