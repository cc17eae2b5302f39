/** Calls of the admin API, and what the operator is told when they fail. */
import { expect, it } from 'vitest'
import { adminClient, path, query } from '../../../scripts/cli/client.ts'
import { refusedWith, stubAdmin } from '../../support/cli.ts'

it('sends the token and JSON, and takes an empty reply', async () => {
  const { url, asked } = await stubAdmin({ 'PUT /admin/a': { body: { b: 1 } }, 'DELETE /admin/a': { status: 204 } })
  const client = adminClient(url, 'secret')
  expect(await client.call('PUT', '/a', { c: 2 })).toEqual({ b: 1 })
  expect(await client.call('DELETE', '/a')).toBeUndefined()
  expect(asked).toMatchObject([
    { authorization: 'Bearer secret', body: { c: 2 } },
    { authorization: 'Bearer secret', body: undefined },
  ])
})

it('gathers a list page by page', async () => {
  const { url } = await stubAdmin({
    'GET /admin/list?limit=1000': { body: { data: [1, 2], has_more: true, last: 'b c' } },
    'GET /admin/list?limit=1000&after=b%20c': { body: { data: [3], has_more: false, last: 'd' } },
  })
  expect(await adminClient(url, 'a').all('/list')).toEqual({ data: [1, 2, 3], has_more: false, last: 'd' })
})

it('lists every fault with its path', async () => {
  const faults = [
    { path: '/models/a', message: 'is required' },
    { path: '', message: 'is too deep' },
  ]
  const { url } = await stubAdmin({
    'GET /admin/a': { status: 400, body: refusedWith('invalid_request', 'No.', faults) },
  })
  await expect(adminClient(url, 'a').call('GET', '/a')).rejects.toThrow(
    'No. (invalid_request, 400)\n  /models/a  is required\n  (whole document)  is too deep',
  )
})

it('says what is wrong: token, address, or what listens there', async () => {
  const { url } = await stubAdmin({
    'GET /admin/token': { status: 401, body: refusedWith('invalid_api_key', 'No.') },
    'GET /admin/page': { text: '<html>' },
    'GET /admin/moved': { status: 302 },
  })
  const client = adminClient(url, 'a')
  await expect(client.call('GET', '/token')).rejects.toThrow(/does not accept the admin token.*SLUICE_ADMIN_TOKEN/)
  await expect(client.call('GET', '/page')).rejects.toThrow(/not as Sluice's admin API does/)
  await expect(client.call('GET', '/moved')).rejects.toThrow(/answered 302/)
  await expect(adminClient('http://127.0.0.1:9', 'a').call('GET', '/')).rejects.toThrow(
    /cannot be reached at http:\/\/127\.0\.0\.1:9.*npm run dev.*SLUICE_URL/,
  )
})

it('escapes parts of a path and of a query', () => {
  expect(path`/tenants/${'a/b'}/keys/${'?'}`).toBe('/tenants/a%2Fb/keys/%3F')
  expect(query({ from: '2026-01-01T00:00:00+01:00', to: undefined, limit: 5 })).toBe(
    '?from=2026-01-01T00%3A00%3A00%2B01%3A00&limit=5',
  )
  expect(query({})).toBe('')
})
