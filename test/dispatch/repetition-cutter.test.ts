/** A model that is caught in its own words is stopped, at whatever byte that shows; every other stream passes as it is. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventCutter } from '../../src/dispatch/event-cutter.ts'
import { RepetitionCutter } from '../../src/dispatch/repetition-cutter.ts'
import { DONE, delta, finish, said, text, usage } from '../support/wire.ts'

const RULE = { timesMin: 5, charsMin: 40 }
const UTF8 = new TextEncoder()

function passed(body: string, cuts: readonly number[] = []) {
  const cutter = new RepetitionCutter(new EventCutter(true), RULE)
  cutter.committed = true
  const bytes = UTF8.encode(body)
  const places = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b)
  let out = ''
  let isStopped = false
  for (const [index, end] of places.slice(1).entries()) {
    const cut = cutter.push(bytes.subarray(places[index], end))
    out += new TextDecoder().decode(cut.bytes)
    isStopped ||= cut.error
    if (cut.error) break
  }
  return { out, isStopped, cutter }
}

describe('a loop', () => {
  const loop = text('It begins. ') + text('again and again ').repeat(20) + finish() + usage() + DONE

  it('ends as an answer that ran out of room, with a word of who ended it', () => {
    const { out, isStopped, cutter } = passed(loop)
    expect(isStopped && cutter.done).toBe(true)
    expect(cutter.isInsideEvent).toBe(false)
    expect(said(out)).toBe(`It begins. ${'again and again '.repeat(5)}`)
    expect(out).toMatch(
      /\n\n: sluice stopped=repetition\n\ndata: \{.*"finish_reason":"length"\}\]\}\n\ndata: \[DONE\]\n\n$/,
    )
    expect(out).toContain('"id":"chatcmpl-test"')
    expect(cutter.push(UTF8.encode(text('more')))).toEqual({ bytes: new Uint8Array(0), error: true })
  })

  it('however it is cut', () => {
    const whole = passed(loop).out
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), (cuts) => {
        expect(passed(loop, cuts).out).toBe(whole)
      }),
    )
  })

  it('of thoughts is one, too', () =>
    expect(passed(delta({ reasoning_content: 'Wait, no. ' }).repeat(20)).isStopped).toBe(true))
})

it.each([
  ['a list', Array.from({ length: 60 }, (_, index) => text(`${index}. item\n`)).join('')],
  ['a rule', text('-'.repeat(500))],
  ['few words again', text('no no no no ')],
])('%s passes as it is', (_, body) => {
  const { out, isStopped } = passed(body + finish() + DONE)
  expect([out, isStopped]).toEqual([body + finish() + DONE, false])
})
