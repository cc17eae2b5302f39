/** Admission of what was answered before: held to requests and concurrency, whatever is left of tokens and money. */
import { expect, it } from 'vitest'
import { admitHit } from '../../src/admit/admit-hit.ts'
import { admitting, FLIGHT, MONTH, RPM, refused, TPM, told } from '../support/admitting.ts'

const nobody = new AbortController().signal

it('asks for a request and a slot, and for nothing else', async () => {
  const { asks, next } = admitting([RPM, TPM, MONTH, FLIGHT])
  expect(await told(next({}, nobody, admitHit))).toBe('ok')
  expect(asks[0]?.counters.map(({ limit }) => limit)).toEqual(['rpm', 'flight'])
})

it('is refused by a limit on requests like any other', async () => {
  const { ledger, next } = admitting([RPM, TPM])
  ledger.admit = async () => refused()
  expect(await told(next({}, nobody, admitHit))).toBe('rate_limit_exceeded')
})

it('asks nobody where only tokens and money are limited, prices or not', async () => {
  const { asks, next } = admitting([TPM, MONTH])
  expect(next({}, nobody, admitHit)).toMatchObject({ kind: 'admitted', limits: null, moneyLimit: null })
  expect(next({ alias: 'free' }, nobody, admitHit)).toMatchObject({ kind: 'admitted' })
  expect(asks).toEqual([])
})

it('waits for its turn under those limits, and keeps to them when they change meanwhile', async () => {
  const { ledger, next, relimit, asks, clock } = admitting([RPM, TPM], { waitMaxMs: 60_000 })
  ledger.admit = async () => ({ kind: 'queued', etaMs: 5000 })
  ledger.turn = () => new Promise(() => {})
  const waiting = next({}, nobody, admitHit)
  relimit([RPM, FLIGHT, MONTH])
  await clock.advance(2000)
  relimit([{ name: 'rpm', amount: null }, MONTH])
  await clock.advance(2000)
  expect(await told(waiting)).toBe('ok')
  expect(asks.at(-1)?.counters.map(({ limit }) => limit)).toEqual(['rpm', 'flight'])
})
