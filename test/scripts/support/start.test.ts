/** The line that a newcomer pastes. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { curlLine } from '../../../scripts/support/start.ts'

test('a shell takes it apart as meant', async () => {
  const line = curlLine('http://127.0.0.1:8787', 'slc_demo_x', 'demo')
  expect(line).not.toContain('\n')
  const script = line.replace(/^curl/, `"$NODE" -p 'JSON.stringify(process.argv.slice(1))' --`)
  const { stdout } = await promisify(execFile)('sh', ['-c', script], {
    env: { ...process.env, NODE: process.execPath },
  })
  const [flag, url, , authorization, , type, , body] = JSON.parse(stdout)
  expect([flag, url]).toEqual(['-N', 'http://127.0.0.1:8787/v1/chat/completions'])
  expect([authorization, type]).toEqual(['authorization: Bearer slc_demo_x', 'content-type: application/json'])
  expect(JSON.parse(body)).toMatchObject({ model: 'demo', stream: true })
})
