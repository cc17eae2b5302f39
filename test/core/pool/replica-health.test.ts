/** When a replica is out, for how long, and how it comes back. */
import { describe, expect, it } from 'vitest'
import { ReplicaHealth } from '../../../src/core/pool/replica-health.ts'

const failing = (health: ReplicaHealth, times: number, nowMs = 0): boolean[] =>
  Array.from({ length: times }, (_, index) => health.failed(`f${index}`, nowMs))

describe('failures', () => {
  it('five in a row are too many, and one answer between them begins anew', () => {
    const health = new ReplicaHealth()
    expect(failing(health, 4)).not.toContain(true)
    health.answered('a', 0)
    expect(failing(health, 5)).toEqual([false, false, false, false, true])
  })

  it('half of ten within 30 s are, and older ones are not counted', () => {
    const health = new ReplicaHealth()
    const alternating = (fromMs: number): boolean[] =>
      Array.from({ length: 5 }, (_, index) => {
        health.answered('a', fromMs + index)
        return health.failed('f', fromMs + index)
      })
    expect(alternating(0)).toEqual([false, false, false, false, true])
    expect(alternating(60_000).slice(0, 4)).not.toContain(true)
  })
})

describe('out', () => {
  it('lasts longer each time in a row, and ends with one trial', () => {
    const health = new ReplicaHealth()
    health.out(0)
    expect([health.state(29_999), health.isOpen(29_999)]).toEqual(['out', false])
    expect([health.state(30_000), health.isOpen(30_000)]).toEqual(['trial', true])
    health.bound('trial', 30_000)
    expect(health.isOpen(30_000)).toBe(false)
    expect(health.failed('trial', 30_100)).toBe(true)
    health.out(30_100)
    expect(health.outUntilMs).toBe(90_100)
    health.bound('again', 90_100)
    health.answered('again', 90_200)
    expect([health.state(90_200), health.failuresInARow]).toEqual(['ok', 0])
    for (let nowMs = 90_300, count = 0; count < 20; count += 1) {
      health.out(nowMs)
      expect((health.outUntilMs ?? 0) - nowMs).toBeLessThanOrEqual(300_000)
      nowMs = health.outUntilMs ?? 0
    }
  })

  it('begins anew for one that has been well for long', () => {
    const health = new ReplicaHealth()
    health.out(0)
    health.bound('trial', 30_000)
    health.answered('trial', 30_000)
    health.out(1_000_000)
    expect(health.outUntilMs).toBe(1_030_000)
  })

  it('gives the trial to another when the first says nothing', () => {
    const health = new ReplicaHealth()
    health.out(0)
    health.bound('trial', 30_000)
    health.released('trial')
    expect(health.isOpen(30_000)).toBe(true)
  })
})

describe('health checks', () => {
  it('that fail in a row put it out, and a good one lets it have its trial at once', () => {
    const health = new ReplicaHealth()
    expect([health.probed(false, 0), health.probed(true, 1), health.probed(false, 2)]).not.toContain(true)
    expect(health.probed(false, 3)).toBe(true)
    health.out(3)
    expect(health.probed(false, 4)).toBe(false)
    expect(health.probed(true, 5000)).toBe(false)
    expect(health.state(5000)).toBe('trial')
  })
})
