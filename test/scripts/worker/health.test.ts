/** The worker's own page. */
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { type Health, serveHealth } from '../../../scripts/worker/health.ts'

it('is 200 with counts while it is connected and stays', async () => {
  const health: { -readonly [K in keyof Health]: Health[K] } = {
    ...{ connected: true, draining: false, worker: 'AbCdEf12-x', running: 1, served: 2, failed: 0, connections: 1 },
  }
  const server = await serveHealth(0, '127.0.0.1', () => health)
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const status = async (path = '/healthz', init: RequestInit = {}) => (await fetch(`${url}${path}`, init)).status
  const reply = await fetch(`${url}/healthz`)
  expect([reply.status, await reply.json()]).toEqual([200, health])
  expect([
    await status('/healthz', { method: 'HEAD' }),
    await status('/'),
    await status('/healthz', { method: 'POST' }),
  ]).toEqual([200, 404, 405])
  health.draining = true
  expect(await status()).toBe(503)
  Object.assign(health, { draining: false, connected: false })
  expect(await status()).toBe(503)
})
