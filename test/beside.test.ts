/** Whoever reads along: admitted as a hit is, recorded once, and refused like anybody else. */
import { describe, expect, it } from 'vitest'
import { enter } from '../src/authenticate/enter.ts'
import { follow, meetingOf } from '../src/beside.ts'
import { requestOf } from './support/path.ts'
import { CONFIG, isolate } from './support/worker.ts'

const LIVE = {
  ...CONFIG,
  models: {
    live: { ...CONFIG.models.priced, cache: { exact: true, coalesce: 'live' as const } },
    plain: CONFIG.models.plain,
  },
}
const CLIENT = { signal: new AbortController().signal }

async function entered(more: Parameters<typeof isolate>[0] = {}) {
  const at = await isolate({ config: LIVE, ...more })
  const entry = await enter(at.services, at.guard, { authorization: `Bearer ${at.key}`, apiKey: null })
  if (entry.kind === 'refused') throw new Error(entry.refusal.message)
  const ask = (alias: string, requestId: string = crypto.randomUUID()) =>
    requestOf({ alias, requestId, startedAtMs: at.clock.now() })
  return { at, entry, ask }
}

describe('meeting', () => {
  it('is for models whose streams are shared, and for nobody who may not call them', async () => {
    const { at, entry, ask } = await entered()
    expect(await meetingOf(at.services, entry, ask('live'))).toEqual(expect.any(String))
    expect(await meetingOf(at.services, entry, ask('plain'))).toBeNull()
    expect(await meetingOf(at.services, entry, ask('nobody'))).toBeNull()
  })
})

describe('reading along', () => {
  it('is one row, that costs nothing', async () => {
    const { at, entry, ask } = await entered()
    const following = await follow(at.services, entry, ask('live'), CLIENT)
    if (following.kind !== 'following') throw new Error(following.kind)
    following.ended('finished', 'up/m', 5)
    expect(await at.rows()).toMatchObject([
      {
        outcome: 'finished',
        cache: 'coalesced',
        target: 'up/m',
        attempts: 0,
        usage: null,
        costMicroUsd: 0,
        firstTokenMs: 5,
      },
    ])
  })

  it('counts as a request under the limits', async () => {
    const { at, entry, ask } = await entered({
      tenant: { limits: [{ name: 'rpm', of: 'requests', amount: 1, perSeconds: 60, scope: 'tenant', hard: false }] },
    })
    expect((await follow(at.services, entry, ask('live'), CLIENT)).kind).toBe('following')
    expect(await follow(at.services, entry, ask('live'), CLIENT)).toMatchObject({
      kind: 'refused',
      refusal: { code: 'rate_limit_exceeded' },
    })
  })
})
