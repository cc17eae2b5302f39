/** x */

import { env } from 'cloudflare:test'
import { exports } from 'cloudflare:workers'
import { expect, it } from 'vitest'

it('runs', async () => {
  expect(Object.keys(env)).toContain('TENANT')
  const r = await exports.default.fetch('http://x/')
  expect(await r.text()).toBe('ok')
})
