/** Ways of choosing who leaves a full cache, side by side: the shards' own, an isolate's own, and LRU. No I/O. */
import { S3Fifo } from '../../src/core/recall/s3-fifo.ts'
import { Sieve } from '../../src/core/recall/sieve.ts'
import type { LookUp } from './cache-workload.ts'

/** A cache of so many bytes under one policy. */
export interface Policy {
  readonly name: string
  /** Was it a hit? Where not, it is put in. */
  look(lookUp: LookUp): boolean
}

/** What a policy came to over a load. */
export interface Outcome {
  readonly policy: string
  readonly lookUps: number
  readonly hits: number
  /** Micro-dollars that the hits saved, and that all look-ups could have. */
  readonly saved: number
  readonly savable: number
}

export function policies(bytesMax: number): Policy[] {
  return [s3Fifo(bytesMax), sieve(bytesMax), lru(bytesMax)]
}

/** Runs a load through policies. */
export function outcomesOf(lookUps: Iterable<LookUp>, caches: readonly Policy[]): Outcome[] {
  const outcomes = caches.map((cache) => ({ policy: cache.name, lookUps: 0, hits: 0, saved: 0, savable: 0 }))
  for (const lookUp of lookUps) {
    for (const [index, outcome] of outcomes.entries()) {
      outcome.lookUps += 1
      outcome.savable += lookUp.saved
      if (!caches[index]?.look(lookUp)) continue
      outcome.hits += 1
      outcome.saved += lookUp.saved
    }
  }
  return outcomes
}

function s3Fifo(bytesMax: number): Policy {
  const cache = new S3Fifo(bytesMax)
  return {
    name: 'S3-FIFO',
    look({ key, bytes, saved }) {
      const isHit = cache.has(key)
      if (isHit) cache.hit(key)
      else cache.put(key, bytes, saved)
      return isHit
    },
  }
}

function sieve(bytesMax: number): Policy {
  const cache = new Sieve<true>(bytesMax)
  return {
    name: 'SIEVE',
    look({ key, bytes }) {
      const isHit = cache.get(key) !== undefined
      if (!isHit) cache.set(key, true, bytes)
      return isHit
    },
  }
}

function lru(bytesMax: number): Policy {
  const held = new Map<string, number>()
  let heldBytes = 0
  return {
    name: 'LRU',
    look({ key, bytes }) {
      const isHit = held.delete(key)
      held.set(key, bytes)
      if (isHit) return true
      heldBytes += bytes
      for (const [oldest, size] of held) {
        if (heldBytes <= bytesMax) break
        held.delete(oldest)
        heldBytes -= size
      }
      return false
    },
  }
}
