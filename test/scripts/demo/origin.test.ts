/** The demo origin as a process. */
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { createReplica } from '../../../scripts/demo/origin.ts'

const script = resolve(import.meta.dirname, '../../../scripts/demo/origin.ts')

test('it says where it is, takes its flags, and ends at SIGTERM', async () => {
  const flags = [
    '--port',
    '0',
    '--name',
    'z',
    '--context-tokens',
    '77',
    '--decode',
    '0',
    '--serial-prefill',
    '--slow',
    '3',
    '--prefill-base',
    '2',
  ]
  const child = spawn(process.execPath, [script, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((done) => child.once('exit', done))
  const [line = ''] = await createInterface({ input: child.stdout })
    [Symbol.asyncIterator]()
    .next()
    .then((next) => [next.value])
  const url = /^origin ready on (http:\/\/127\.0\.0\.1:\d+\/v1)$/.exec(line)?.[1]
  const models = JSON.parse(await (await fetch(`${url}/models`)).text())
  expect(models.data[0].max_model_len).toBe(77)
  const speed = await (await fetch(`${url?.slice(0, -3)}/demo/speed`)).json()
  expect(speed).toMatchObject({ decodePerSecond: 0, prefillBaseMs: 2, serialPrefill: true, slow: 3 })
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
})

test('a wrong flag is refused', async () => {
  const child = spawn(process.execPath, [script, '--fault', 'nonsense'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  expect(await new Promise((done) => child.once('close', done))).not.toBe(0)
  expect(said).toContain('is no fault')
})

test('ids count up under the name of the replica', () => {
  const speeds = { prefillPerSecond: 0, decodePerSecond: 0, concurrency: 1, queue: 1, kvTokens: 100 }
  const replica = createReplica({ ...speeds, name: 'b', contextTokens: 10, log: () => {} })
  expect([replica.nextId('x'), replica.nextId('x')]).toEqual(['x-b-1', 'x-b-2'])
})
