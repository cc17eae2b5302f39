/** The version constant is package.json's. */
import { expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { USER_AGENT, VERSION } from '../../src/lib/version.ts'

it('is the version that package.json names', () => {
  expect(VERSION).toBe(manifest.version)
  expect(USER_AGENT).toBe(`sluice/${manifest.version}`)
})
