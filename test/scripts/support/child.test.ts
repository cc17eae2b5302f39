/** Children end when they are told, with all they started, and when their script is killed. */
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { isAlive, startChild } from '../../../scripts/support/child.ts'

const childModule = resolve(import.meta.dirname, '../../../scripts/support/child.ts')
// Says its own number and that of a child which would stay; with `deaf` it does not hear SIGTERM.
const family = `
  const { spawn } = require('node:child_process')
  if (process.argv[1] === 'deaf') process.on('SIGTERM', () => {})
  const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'])
  console.log(process.pid + ' ' + child.pid)
  setInterval(() => {}, 1000)`

async function numbersFrom(output: NodeJS.ReadableStream | null): Promise<number[]> {
  if (output === null) throw new Error('no output')
  for await (const line of createInterface({ input: output })) return line.split(' ').map(Number)
  throw new Error('no line')
}

const alive = (pids: readonly number[]) => Promise.all(pids.map((pid) => isAlive(pid, 'node')))

test.each(['', 'deaf'])('stop ends the child and its children, also a child that is %j', async (hearing) => {
  const child = startChild(process.execPath, ['-e', family, hearing], { stdio: ['ignore', 'pipe', 'inherit'] })
  const pids = await numbersFrom(child.process.stdout)
  expect(await alive(pids)).toEqual([true, true])
  await child.stop(hearing === 'deaf' ? 100 : 5000)
  expect((await child.ended).signal).toBe(hearing === 'deaf' ? 'SIGKILL' : 'SIGTERM')
  await expect.poll(() => alive(pids)).toEqual([false, false])
})

test('when the script is killed outright, its children are too', async () => {
  const script = `
    import { startChild } from ${JSON.stringify(childModule)}
    startChild(process.execPath, ['-e', ${JSON.stringify(family)}, 'deaf'], { stdio: ['ignore', 'inherit', 'inherit'] })
    setInterval(() => {}, 1000)`
  const flags = ['--input-type=module-typescript', '-e', script]
  const parent = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] })
  const pids = await numbersFrom(parent.stdout)
  parent.kill('SIGKILL')
  await expect.poll(() => alive(pids), { timeout: 5000 }).toEqual([false, false])
})

test('how it ended is known', async () => {
  const child = startChild(process.execPath, ['-e', 'process.exit(3)'], { stdio: 'ignore' })
  expect(await child.ended).toEqual({ code: 3, signal: null })
})

test('a process is told by its number and its command line', async () => {
  expect(await isAlive(process.pid, 'node')).toBe(true)
  expect(await isAlive(process.pid, 'no such command')).toBe(false)
})
