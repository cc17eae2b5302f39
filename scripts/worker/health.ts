/** The worker program's own page for a supervisor: `/healthz`, 200 while it is connected, with counts. */
import { createServer, type Server } from 'node:http'

export interface Health {
  readonly connected: boolean
  readonly draining: boolean
  /** Its name among the pool's replicas, without `worker-`; null before its first connection. */
  readonly worker: string | null
  readonly running: number
  readonly served: number
  readonly failed: number
  /** Connections that came about. */
  readonly connections: number
}

/** Resolves when it listens. */
export function serveHealth(port: number, host: string, health: () => Health): Promise<Server> {
  const server = createServer(({ url, method }, response) => {
    const isRead = method === 'GET' || method === 'HEAD'
    if (url !== '/healthz' || !isRead) return void response.writeHead(isRead ? 404 : 405).end()
    const now = health()
    response.writeHead(now.connected && !now.draining ? 200 : 503, { 'content-type': 'application/json' })
    response.end(method === 'HEAD' ? undefined : JSON.stringify(now))
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}
