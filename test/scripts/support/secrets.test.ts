/** Secrets that a deployment needs, has, and lacks. */
import { expect, test } from 'vitest'
import { adviceFor, listedSecrets, requiredSecrets, secretsInFile } from '../../../scripts/support/secrets.ts'

test('needed ones come from wrangler.toml, present ones from the list', () => {
  expect(requiredSecrets('[secrets]\nrequired = ["A", "B"]')).toEqual(['A', 'B'])
  expect(listedSecrets('[{"name":"A","type":"secret_text"}]')).toEqual(['A'])
})

test('a file in either form; empty values are none', () => {
  expect(secretsInFile('A=1\nB=\n# C=3\n')).toEqual(['A'])
  expect(secretsInFile('{"A":"1","B":""}')).toEqual(['A'])
})

test('the advice makes each missing one', () => {
  const advice = adviceFor(['SLUICE_MASTER_KEY', 'SLUICE_ADMIN_TOKEN'])
  expect(advice).toContain('SLUICE_MASTER_KEY=$(openssl rand -base64 32)')
  expect(advice).toContain('SLUICE_ADMIN_TOKEN=$(openssl rand -hex 32)')
  expect(adviceFor(['A'])).not.toContain('SLUICE_MASTER_KEY')
})
