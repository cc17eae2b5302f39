/** pool. */
import { expect, it } from 'vitest'
import { cliAgainst } from '../../support/cli.ts'

const made = { id: 'AbCdEf12', token: 'slw_gpu_AbCdEf12_x' }

it('shows a new token once, on standard output', async () => {
  const answers = { 'POST /admin/pools/gpu/workers': { status: 201, body: made } }
  const ran = await cliAgainst(answers, ['pool', 'worker', 'create', 'gpu', 'rack 3', '--expires-at', '2099-01-01'])
  expect(ran.asked[0]?.body).toEqual({ name: 'rack 3', expiresAt: '2099-01-01' })
  expect(ran.out).toBe('id:    AbCdEf12\ntoken: slw_gpu_AbCdEf12_x')
  expect(ran.err).toContain('not shown again')
})

it('lists and revokes', async () => {
  const worker = {
    ...{ id: 'AbCdEf12', name: 'rack 3', state: 'active', createdAt: 'then' },
    ...{ expiresAt: null, lastSeenAt: 'lately' },
  }
  const answers = {
    'GET /admin/pools/gpu/workers?limit=1000': { body: { data: [worker], has_more: false, last: 'AbCdEf12' } },
    'DELETE /admin/pools/gpu/workers/AbCdEf12': { status: 204 },
  }
  const listed = await cliAgainst(answers, ['pool', 'worker', 'list', 'gpu'])
  expect(listed.out).toMatch(/AbCdEf12 +rack 3 +active +then +- +lately/)
  const revoked = await cliAgainst(answers, ['pool', 'worker', 'revoke', 'gpu', 'AbCdEf12'])
  expect(revoked.out).toBe('Worker token AbCdEf12 is revoked.')
})

it('shows how a pool fares', async () => {
  const view = {
    id: 'gpu',
    replicas: [
      { id: 'a', state: 'active', health: 'ok', requests: 3, inflightTokens: 9000, prefillTokensPerSecond: 15_999.6 },
    ],
    queued: { interactive: 2, batch: 1 },
    longestWaitMs: 40,
    bound: 9,
    refused: { full: 1, wait: 2, shed: 0, none: 0 },
    chosen: { warm: 9 },
    matchedShare: 0.62,
    workers: [
      {
        ...{ replica: 'worker-x', tokenId: 'x', name: 'rack 3', state: 'draining', models: ['m', 'n'] },
        ...{ maxConcurrent: 16, requests: 2, connectedAt: 'then' },
      },
    ],
  }
  const { out } = await cliAgainst({ 'GET /admin/pools/gpu': { body: view } }, ['pool', 'show', 'gpu'])
  expect(out).toContain('2 interactive, 1 batch')
  expect(out).toMatch(/refused: +3\n/)
  expect(out).toContain('62 %')
  expect(out).toMatch(/a +active +ok +3 +9000 +16000/)
  expect(out).toMatch(/worker-x +rack 3 +draining +2 of 16 +m n +then/)
})
