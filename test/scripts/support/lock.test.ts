/** One runner per state folder. */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockState } from '../../../scripts/support/lock.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-lock-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A process that looks like one of ours from outside. */
const lookalike = (word: string) => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', word])
const lockFile = () => join(folder, 'serve.lock')

test('a lock is taken and given back', async () => {
  const lock = await lockState(folder, 'serve')
  await lock.hold(4321)
  expect(JSON.parse(await readFile(lockFile(), 'utf8'))).toEqual({ script: process.pid, worker: 4321 })
  await lock.release()
  expect(await readdir(folder)).toEqual([])
})

test('a living runner keeps it', async () => {
  const runner = lookalike('serve.ts')
  await writeFile(lockFile(), JSON.stringify({ script: runner.pid }))
  await expect(lockState(folder, 'serve')).rejects.toThrow(`in use by process ${runner.pid}`)
  runner.kill()
})

test('a number that now belongs to something else is no runner', async () => {
  const other = lookalike('something else')
  await writeFile(lockFile(), JSON.stringify({ script: other.pid, worker: other.pid }))
  await (await lockState(folder, 'serve')).release()
  other.kill()
})

test('the worker that a killed runner left is waited for', async () => {
  const worker = lookalike('workerd')
  await writeFile(lockFile(), JSON.stringify({ script: 2 ** 22, worker: worker.pid }))
  let taken = false
  const lock = lockState(folder, 'serve').then(() => {
    taken = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(taken).toBe(false)
  worker.kill()
  await lock
})

test('a file that makes no sense is written anew', async () => {
  await writeFile(lockFile(), 'not json')
  await (await lockState(folder, 'serve')).release()
})
