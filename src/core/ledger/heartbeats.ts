/** Which requests of this isolate hold a concurrency lease, so that one call renews those of a tenant. No I/O. */
import { LEASE_RENEW_MS, LEASES_HELD_MAX, LEASES_RENEWED_MAX } from '../limits.ts'

interface Beat {
  /** When the request's own timer was last seen: one whose timer has stopped is dead, and nobody else may keep it. */
  seenAtMs: number
  renewedAtMs: number
}

/** One per isolate. Owners are named `<tenant>.<generation>`. */
export class Heartbeats {
  readonly #owners = new Map<string, Map<string, Beat>>()
  #size = 0

  /** A request was granted its lease. */
  hold(owner: string, id: string, nowMs: number): void {
    if (this.#size >= LEASES_HELD_MAX) return
    let beats = this.#owners.get(owner)
    if (beats === undefined) {
      beats = new Map()
      this.#owners.set(owner, beats)
    }
    beats.set(id, { seenAtMs: nowMs, renewedAtMs: nowMs })
    this.#size += 1
  }

  /** It has ended. */
  release(owner: string, id: string): void {
    const beats = this.#owners.get(owner)
    if (beats === undefined || !beats.delete(id)) return
    this.#size -= 1
    if (beats.size === 0) this.#owners.delete(owner)
  }

  /** The timer of a request has fired: the leases of its tenant that are due, which from now on count as renewed. */
  due(owner: string, id: string, nowMs: number): string[] {
    const beats = this.#owners.get(owner)
    const own = beats?.get(id)
    // There was no room for it: it sees to itself.
    if (beats === undefined || own === undefined) return [id]
    own.seenAtMs = nowMs
    const due: string[] = []
    for (const [other, beat] of beats) {
      if (due.length >= LEASES_RENEWED_MAX) break
      if (nowMs - beat.seenAtMs >= 1.5 * LEASE_RENEW_MS) this.release(owner, other)
      else if (nowMs - beat.renewedAtMs >= LEASE_RENEW_MS / 2) {
        beat.renewedAtMs = nowMs
        due.push(other)
      }
    }
    return due
  }

  /** The call that was to renew them failed: whoever comes next tries again. */
  failed(owner: string, ids: readonly string[]): void {
    const beats = this.#owners.get(owner)
    for (const id of ids) {
      const beat = beats?.get(id)
      if (beat !== undefined) beat.renewedAtMs = Number.NEGATIVE_INFINITY
    }
  }
}
