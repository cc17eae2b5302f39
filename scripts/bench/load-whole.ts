/** Lane 1's load: requests over kept-alive connections, on bare sockets. */
import { connect } from 'node:net'
import { chatRequest } from './body.ts'
import { ReplyReader } from './reply-reader.ts'
import { percentile } from './stats.ts'
import { PATH, type WholeJob, type WholeResult } from './types.ts'

// Why no library: measured at 16 connections against the upstream, these sockets make 57,000 requests/s, autocannon
// 51,000 (and it counts time in whole ms), undici 33,000. Load, contender and upstream share the cores, so what the load
// takes the contender loses.

/** Runs one job. */
export async function loadWhole(job: WholeJob): Promise<WholeResult> {
  const body = chatRequest(job.bytes, false)
  const headers = { host: `127.0.0.1:${job.port}`, ...job.headers, 'content-length': String(body.length) }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const request = Buffer.from(`POST ${PATH} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
  const from = performance.now() + job.warmMs
  const until = from + job.measureMs
  const latenciesMs: number[] = []
  let sent = 0
  let failures = 0

  const drive = (): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ port: job.port, host: '127.0.0.1', noDelay: true })
      const reader = new ReplyReader()
      let begun = 0
      const send = (): void => {
        begun = performance.now()
        if (begun >= until) return void socket.end()
        sent += 1
        socket.write(request)
      }
      socket.on('connect', send)
      socket.on('data', (chunk) => {
        if (!reader.push(chunk)) return
        const now = performance.now()
        if (reader.status !== 200) failures += 1
        else if (begun >= from && now < until) latenciesMs.push(now - begun)
        send()
      })
      socket.on('error', () => {
        failures += 1
      })
      socket.on('close', () => resolve())
    })
  await Promise.all(Array.from({ length: job.connections }, drive))

  const sorted = Float64Array.from(latenciesMs).sort()
  return {
    counted: sorted.length,
    sent,
    failures,
    requestsPerSecond: (sorted.length * 1000) / job.measureMs,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
  }
}
