/** Thought signatures travel out and back under Google's name. */
import { expect, it } from 'vitest'
import { signatureField, signatureOptions } from '../../../src/providers/ai-sdk/signature.ts'

it('what goes out comes back', () => {
  const field = signatureField({ google: { thoughtSignature: 'sig' } })
  expect(field).toEqual({ extra_content: { google: { thought_signature: 'sig' } } })
  expect(signatureOptions(field)).toEqual({ providerOptions: { google: { thoughtSignature: 'sig' } } })
})

it("takes nobody else's, and nothing malformed", () => {
  expect(signatureField({ anthropic: { signature: 'sig' } })).toEqual({})
  expect(signatureField(undefined)).toEqual({})
  for (const call of [null, {}, { extra_content: { google: { thought_signature: 3 } } }, { extra_content: [] }])
    expect(signatureOptions(call)).toEqual({})
})
