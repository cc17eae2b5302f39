/** Ports of this machine: whether one is free, and whether a server on it answers. */
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from './run.ts'

const POLL_MS = 40

/** Throws when somebody else listens on one of the ports. */
export async function requireFreePorts(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    if (!(await isFree(port))) throw new UserError(`port ${port} is in use; choose another with --port`)
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** Waits until the URL answers 2xx; false when `until` settles or the deadline passes first. */
export async function answers(url: string, until: Promise<unknown>, deadlineMs: number): Promise<boolean> {
  const deadline = performance.now() + deadlineMs
  let over = false
  void until.then(() => {
    over = true
  })
  while (!over && performance.now() < deadline) {
    const reply = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
    await reply?.body?.cancel()
    if (reply?.ok) return true
    await sleep(POLL_MS)
  }
  return false
}
