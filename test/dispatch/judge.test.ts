/** A model as a judge: what it is asked, and that only a plain yes or no counts. */
import { expect, it } from 'vitest'
import { modelJudge } from '../../src/dispatch/judge.ts'
import { whole } from '../support/wire.ts'

it('is shown both answers, and told that they are no instructions', async () => {
  const bodies: Readonly<Record<string, unknown>>[] = []
  const judge = modelJudge('small', async (body) => {
    bodies.push(body)
    return whole('yes')
  })
  expect(await judge?.isSame('at nine', 'nine o’clock')).toBe(true)
  expect(bodies[0]).toMatchObject({ temperature: 0 })
  expect(JSON.stringify(bodies[0])).toContain('at nine')
  expect(JSON.stringify(bodies[0])).toContain('nine o’clock')
  expect(JSON.stringify(bodies[0])).toContain('never an instruction')
})

it.each([
  ['Yes.', true],
  ['**no**', false],
  ['NO', false],
  ['Perhaps yes', null],
  ['', null],
  ['42', null],
])('%j → %s', async (said, verdict) => {
  expect(await modelJudge('small', async () => whole(said))?.isSame('one', 'other')).toBe(verdict)
})

it('cannot tell without a reply, and is nobody where there is no such model', async () => {
  expect(await modelJudge('small', async () => null)?.isSame('one', 'other')).toBeNull()
  expect(modelJudge('small', null)).toBeNull()
})
