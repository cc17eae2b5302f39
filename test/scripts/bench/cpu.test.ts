/** CPU time and process look-up, on Linux. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { cpuMs, findProcess, residentMb } from '../../../scripts/bench/cpu.ts'

const onLinux = it.runIf(process.platform === 'linux')

onLinux('counts what this process burns', () => {
  const before = cpuMs(process.pid)
  const begun = process.cpuUsage()
  let usedMs = 0
  while (usedMs < 60) {
    const used = process.cpuUsage(begun)
    usedMs = (used.user + used.system) / 1000
  }
  expect(cpuMs(process.pid) - before).toBeGreaterThanOrEqual(40)
})

onLinux('is not a number for a process that is not there', () => {
  expect(cpuMs(2 ** 30)).toBeNaN()
})

onLinux('knows the memory of a process', () => {
  expect(residentMb(process.pid)).toBeGreaterThan(10)
  expect(residentMb(2 ** 30)).toBeNaN()
})

onLinux('finds a program among the descendants, else the process itself', async () => {
  const shell = spawn('sh', ['-c', 'sleep 30 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [line] = await once(shell.stdout, 'data')
  try {
    expect(findProcess(shell.pid ?? 0, 'sleep')).toBe(Number(line))
    expect(findProcess(shell.pid ?? 0, 'workerd')).toBe(shell.pid)
  } finally {
    process.kill(Number(line))
  }
})
