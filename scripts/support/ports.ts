/** Ports of this machine: whether one is free, and whether a server on it answers. */
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 40

/** The first of the ports that somebody else listens on. */
export async function busyPort(ports: readonly number[]): Promise<number | undefined> {
  for (const port of ports) if (!(await isFree(port))) return port
  return undefined
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
