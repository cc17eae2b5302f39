/** Upstash's REST protocol in front of a real Redis, written from its public reference, as Upstash's servers speak it. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient, RESP_TYPES } from 'redis'
import { bodyOf, isSame } from './upstash-http.ts'

/** A running front. */
export interface UpstashRest {
  readonly url: string
  readonly token: string
  /** Every command that reached it, by its name: `EVALSHA`. */
  readonly commands: readonly string[]
  close(): Promise<void>
}

/** What Redis says, as a value of JSON: strings of data are bytes until they are encoded. */
type Reply = null | number | string | Uint8Array | Error | Reply[]
/** A command's outcome, as it stands in a body. */
type Outcome = { readonly result: unknown } | { readonly error: string }

const BODY_BYTES_MAX = 1024 * 1024
/** Only Upstash's servers know it; the rest of the script is plain Lua. */
const KEY_LOCKING = /^#!lua flags=allow-key-locking(?=\n)/

/** Starts a front of the server on `redisPort`, on a free port of its own. */
export async function startUpstashRest(redisPort: number, token = 'upstash-rest-token'): Promise<UpstashRest> {
  const redis = await connect(redisPort)
  const commands: string[] = []
  const scripts = new Map<string, string>()
  const counted = (command: string[]): string[] => {
    commands.push(command[0]?.toUpperCase() ?? '')
    return translated(command, scripts)
  }
  const parts: Parts = {
    token,
    run: async (command) => {
      const reply = await redis.send(counted(command))
      // The digest that a script was loaded under is the caller's, not the stripped one's.
      return isLoad(command) ? Buffer.from(sha1(command[2] ?? '')) : reply
    },
    runTogether: (many) => redis.together(many.map(counted)),
  }
  const server = createServer((request, response) => {
    answer(request, response, parts).catch(() => send(response, 500, { error: 'ERR internal error' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    commands,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      redis.close()
    },
  }
}

interface Parts {
  readonly token: string
  readonly run: (command: string[]) => Promise<Reply>
  readonly runTogether: (commands: string[][]) => Promise<Reply[]>
}

async function answer(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://front')
  const encode = request.headers['upstash-encoding'] === 'base64' ? inBase64 : asText
  if (!['HEAD', 'GET', 'POST', 'PUT'].includes(request.method ?? ''))
    return send(response, 405, { error: 'ERR method' })
  const presented = request.headers.authorization?.replace(/^Bearer /i, '') ?? url.searchParams.get('_token')
  if (!isSame(presented ?? '', parts.token))
    return send(response, 401, { error: 'WRONGPASS invalid or missing auth token' })
  // A write is visible to whoever shows this at the next call; one server has nothing to wait for.
  response.setHeader('upstash-sync-token', request.headers['upstash-sync-token'] || 'front=1')

  const body = await bodyOf(request, BODY_BYTES_MAX)
  const first = url.pathname.split('/')[1] ?? ''
  const outcomeOf = async (command: string[]): Promise<Outcome> =>
    parts.run(command).then((reply) => ({ result: encode(reply) }), failure)
  if (first === 'pipeline' || first === 'multi-exec') {
    const commands = commandsIn(body)
    if (commands === null) return send(response, 400, { error: 'ERR the body is not a list of commands' })
    if (first === 'pipeline') return send(response, 200, await Promise.all(commands.map(outcomeOf)))
    const replies = await parts.runTogether(commands).catch(failure)
    if (!Array.isArray(replies)) return send(response, 400, replies)
    return send(
      response,
      200,
      replies.map((reply) => (reply instanceof Error ? failure(reply) : { result: encode(reply) })),
    )
  }
  const command = first === '' ? commandIn(body) : commandOf(url, body)
  if (command === null) return send(response, 400, { error: 'ERR the body is not a command' })
  const outcome = await outcomeOf(command)
  send(response, 'error' in outcome ? 400 : 200, outcome)
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text)
}

const failure = (error: unknown): { error: string } => ({
  error: error instanceof Error ? error.message : 'ERR failed',
})

/** `["SET","foo",1]`: arguments are strings to Redis, whatever they are to JSON. */
function commandIn(body: Buffer): string[] | null {
  return isCommand(parsed(body))
}

function commandsIn(body: Buffer): string[][] | null {
  const list = parsed(body)
  const commands = Array.isArray(list) ? list.map(isCommand) : [null]
  return commands.every((command) => command !== null) ? commands : null
}

function isCommand(value: unknown): string[] | null {
  if (!Array.isArray(value) || value.length === 0) return null
  const args = value.map((argument) =>
    ['string', 'number', 'boolean'].includes(typeof argument) ? String(argument) : null,
  )
  return args.every((argument) => argument !== null) ? args : null
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return null
  }
}

/** `/set/foo/$body?EX=100`: path, then body, then query. */
function commandOf(url: URL, body: Buffer): string[] {
  const path = url.pathname.slice(1).split('/').map(decodeURIComponent)
  const query = [...url.searchParams].filter(([name]) => name !== '_token').flat()
  return [...path, ...(body.length === 0 ? [] : [body.toString()]), ...query.filter((part) => part !== '')]
}

/** Strings of data in base64; the status "OK" and errors are no data. */
function inBase64(reply: Reply): unknown {
  if (reply instanceof Error) return failure(reply)
  if (Array.isArray(reply)) return reply.map(inBase64)
  if (reply instanceof Uint8Array) return Buffer.from(reply).toString('base64')
  return typeof reply === 'string' && reply !== 'OK' ? Buffer.from(reply).toString('base64') : reply
}

function asText(reply: Reply): unknown {
  if (reply instanceof Error) return failure(reply)
  if (Array.isArray(reply)) return reply.map(asText)
  return reply instanceof Uint8Array ? Buffer.from(reply).toString() : reply
}

/** Scripts go on without the flag; their digests are told apart as the caller knows them. */
function translated(command: string[], scripts: Map<string, string>): string[] {
  const [name = '', ...rest] = command
  switch (name.toUpperCase()) {
    case 'EVAL':
    case 'EVAL_RO':
      return [name, plain(rest[0] ?? '', scripts), ...rest.slice(1)]
    case 'EVALSHA':
    case 'EVALSHA_RO':
      return [name, digestOf(rest[0] ?? '', scripts), ...rest.slice(1)]
    case 'SCRIPT':
      if (isLoad(command)) return [name, 'LOAD', plain(rest[1] ?? '', scripts)]
      return [name, ...rest.map((digest) => digestOf(digest, scripts))]
    default:
      return command
  }
}

const isLoad = ([name = '', what = '']: string[]): boolean => /^script load$/i.test(`${name} ${what}`)
const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex')
const digestOf = (digest: string, scripts: Map<string, string>): string => scripts.get(digest.toLowerCase()) ?? digest

/** The script as any Redis takes it, remembered under the digest of the whole. Lines keep their numbers. */
function plain(script: string, scripts: Map<string, string>): string {
  if (!KEY_LOCKING.test(script)) return script
  const stripped = script.replace(KEY_LOCKING, '')
  scripts.set(sha1(script), sha1(stripped))
  return stripped
}

/** One connection; while Redis is away commands fail at once, and the client goes on trying to connect. */
async function connect(port: number) {
  const client = createClient({
    RESP: 2,
    socket: { host: '127.0.0.1', port, reconnectStrategy: () => 50 },
    disableOfflineQueue: true,
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  })
  client.on('error', () => {})
  await client.connect()
  return {
    send: (command: string[]): Promise<Reply> => client.sendCommand<Reply>(command),
    async together(commands: string[][]): Promise<Reply[]> {
      const sent = [['MULTI'], ...commands, ['EXEC']].map((command) => client.sendCommand<Reply>(command))
      const outcomes = await Promise.allSettled(sent)
      const last = outcomes.at(-1)
      if (last?.status !== 'fulfilled') throw last?.reason
      return Array.isArray(last.value) ? last.value : []
    },
    close: () => client.destroy(),
  }
}
