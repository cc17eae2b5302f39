/** Which leases the timer of one request renews for all of its tenant. */
import { describe, expect, it } from 'vitest'
import { Heartbeats } from '../../../src/core/ledger/heartbeats.ts'
import { LEASE_MS, LEASE_RENEW_MS, LEASES_HELD_MAX, LEASES_RENEWED_MAX } from '../../../src/core/limits.ts'

const NOW = 1_700_000_000_000

describe('due', () => {
  it('are the leases of the tenant that were not renewed lately, the one that asks among them', () => {
    const beats = new Heartbeats()
    beats.hold('acme', 'a', NOW)
    beats.hold('acme', 'b', NOW + LEASE_RENEW_MS / 2)
    beats.hold('acme', 'young', NOW + LEASE_RENEW_MS / 2 + 1)
    beats.hold('other', 'c', NOW)
    expect(beats.due('acme', 'a', NOW + LEASE_RENEW_MS)).toEqual(['a', 'b'])
    expect(beats.due('acme', 'a', NOW + LEASE_RENEW_MS)).toEqual([])
  })

  it('leaves no lease alone for as long as it lives, whoever is first', () => {
    const beats = new Heartbeats()
    const renewedAt = new Map<string, number>()
    let longestMs = 0
    const starts = new Map([
      ['a', 0],
      ['b', 4900],
      ['c', 5100],
    ])
    for (let ms = 0; ms <= 120_000; ms += 100) {
      for (const [id, start] of starts) {
        if (ms === start) {
          beats.hold('acme', id, ms)
          renewedAt.set(id, ms)
        } else if (ms > start && (ms - start) % LEASE_RENEW_MS === 0) {
          for (const due of beats.due('acme', id, ms)) renewedAt.set(due, ms)
        }
      }
      for (const atMs of renewedAt.values()) longestMs = Math.max(longestMs, ms - atMs)
    }
    expect(longestMs).toBeLessThan(LEASE_MS / 2)
  })

  it('keeps no lease of a request whose own timer has stopped: it is dead', () => {
    const beats = new Heartbeats()
    beats.hold('acme', 'dead', NOW)
    beats.hold('acme', 'a', NOW)
    expect(beats.due('acme', 'a', NOW + LEASE_RENEW_MS)).toEqual(['dead', 'a'])
    expect(beats.due('acme', 'a', NOW + 2 * LEASE_RENEW_MS)).toEqual(['a'])
    expect(beats.due('acme', 'a', NOW + 3 * LEASE_RENEW_MS)).toEqual(['a'])
  })

  it('is none of a request that was released', () => {
    const beats = new Heartbeats()
    beats.hold('acme', 'a', NOW)
    beats.hold('acme', 'b', NOW)
    beats.release('acme', 'b')
    beats.release('acme', 'b')
    expect(beats.due('acme', 'a', NOW + LEASE_RENEW_MS)).toEqual(['a'])
  })

  it('comes again at once when the call that was to renew it failed', () => {
    const beats = new Heartbeats()
    beats.hold('acme', 'a', NOW)
    beats.hold('acme', 'b', NOW)
    const due = beats.due('acme', 'a', NOW + LEASE_RENEW_MS)
    beats.release('acme', 'a')
    beats.failed('acme', due)
    expect(beats.due('acme', 'b', NOW + LEASE_RENEW_MS)).toEqual(['b'])
  })

  it('is bounded, and the next timer takes the rest', () => {
    const beats = new Heartbeats()
    for (let id = 0; id < LEASES_RENEWED_MAX + 2; id += 1) beats.hold('acme', String(id), NOW)
    expect(beats.due('acme', '0', NOW + LEASE_RENEW_MS).length).toBe(LEASES_RENEWED_MAX)
    expect(beats.due('acme', '1', NOW + LEASE_RENEW_MS).length).toBe(2)
  })
})

it('a request beyond the bound sees to its own lease', () => {
  const beats = new Heartbeats()
  for (let id = 0; id < LEASES_HELD_MAX; id += 1) beats.hold('acme', String(id), NOW)
  beats.hold('acme', 'late', NOW)
  expect(beats.due('acme', 'late', NOW + LEASE_RENEW_MS)).toEqual(['late'])
  beats.release('acme', '0')
  beats.hold('other', 'next', NOW)
  expect(beats.due('other', 'next', NOW + LEASE_RENEW_MS)).toEqual(['next'])
  expect(beats.due('other', 'next', NOW + LEASE_RENEW_MS)).toEqual([])
})
