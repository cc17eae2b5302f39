/** How a token goes to its pool's object. */
import { expect, it } from 'vitest'
import { TOKEN_DIGEST_HEADER, TOKEN_ID_HEADER, workerAsk } from '../../../src/core/pool/worker-entry.ts'

it('goes as its id and its digest, never as itself', () => {
  const headers = workerAsk({ id: 'AbCdEf12', digest: 'ZGlnZXN0' })
  expect(headers).toEqual({ [TOKEN_ID_HEADER]: 'AbCdEf12', [TOKEN_DIGEST_HEADER]: 'ZGlnZXN0' })
})
