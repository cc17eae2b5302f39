/** A gate on the way to a server: open, shut (connections are refused, and those there are break), or silent. */
import { connect, createServer, type Server, type Socket } from 'node:net'

/** Stands on a port of its own. */
export interface Gate {
  readonly url: string
  /** Whoever has a connection loses it, and nobody gets one. */
  shut(): Promise<void>
  /** Connections are made, and nothing ever comes over them. */
  silence(): Promise<void>
  open(): Promise<void>
  close(): Promise<void>
}

/** A gate before `url`, open. */
export async function startGate(url: string): Promise<Gate> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  let isSilent = false
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const server: Server = createServer((socket) => {
    keep(socket)
    if (isSilent) return
    const beyond = connect(Number(port), hostname)
    keep(beyond)
    socket.pipe(beyond).pipe(socket)
    socket.on('close', () => beyond.destroy())
    beyond.on('close', () => socket.destroy())
  })
  const listen = (at: number): Promise<void> => new Promise((resolve) => server.listen(at, '127.0.0.1', resolve))
  const unlisten = (): Promise<void> =>
    new Promise((resolve) => {
      if (!server.listening) return resolve()
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  await listen(0)
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the gate has no port')
  const own = address.port
  const turn = async (silent: boolean): Promise<void> => {
    await unlisten()
    isSilent = silent
    await listen(own)
  }
  return {
    url: `http://127.0.0.1:${own}`,
    shut: unlisten,
    silence: () => turn(true),
    open: () => turn(false),
    close: unlisten,
  }
}
