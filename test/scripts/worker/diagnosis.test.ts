/** Why no connection came about, in the gateway's own words where it has some. */
import { expect, it } from 'vitest'
import { diagnose } from '../../../scripts/worker/diagnosis.ts'
import { startPoolEnd } from '../../support/pool-end.ts'

const error = (message: string, param: string | null = null) => JSON.stringify({ error: { message, param } })

it.each([
  [401, error('It was revoked.'), 'token', 'It was revoked.'],
  [404, error('There is no pool.'), 'pool', 'There is no pool.'],
  [503, error('Try again.'), 'away', 'Try again.'],
  [400, error('Ask for a WebSocket.', 'upgrade'), 'away', 'Is there a proxy in between?'],
  [404, '<html>', 'away', 'Is --gateway right?'],
  [200, '{}', 'away', 'Is --gateway right?'],
])('knows %i %s', async (status, body, kind, message) => {
  const end = await startPoolEnd({ status, body })
  const found = await diagnose(`${end.url}/v1/pools/gpu/worker`, 'slw_x')
  expect(found.kind).toBe(kind)
  expect(found.message).toContain(message)
})

it('knows when nobody is there', async () => {
  const found = await diagnose('http://127.0.0.1:9/v1/pools/gpu/worker', 'slw_x')
  expect(found).toEqual({ kind: 'away', message: expect.stringContaining('http://127.0.0.1:9 cannot be reached') })
})
