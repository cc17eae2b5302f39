/** Calls of the admin API, and its refusals in words for the operator. */
import type { Page } from '../../src/core/admin-views.ts'
import { CliError } from './io.ts'

const DEADLINE_MS = 60_000
const PAGE_ENTRIES = 1000

/** The admin API of one Sluice. */
export interface AdminClient {
  /** Resolves with the reply's JSON; undefined where it has no body. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>
  /** A whole list, page after page. */
  all<T>(path: string): Promise<Page<T>>
}

/** Makes a client. `send` is `fetch`, but in tests. */
export function adminClient(url: string, token: string, send: typeof fetch = fetch): AdminClient {
  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { authorization: `Bearer ${token}`, accept: 'application/json' }
    if (body !== undefined) headers['content-type'] = 'application/json'
    const init: RequestInit = { method, headers, redirect: 'manual', signal: AbortSignal.timeout(DEADLINE_MS) }
    const reply = await send(`${url}/admin${path}`, body === undefined ? init : { ...init, body: JSON.stringify(body) })
      .then(async (reply) => ({ status: reply.status, text: await reply.text() }))
      .catch((error: unknown) => {
        throw new CliError(unreachable(url, error))
      })
    const json = parsed(reply.text)
    if (reply.status >= 200 && reply.status < 300 && json !== NOT_JSON) return json as T
    throw refused(url, reply.status, json)
  }

  async function all<T>(path: string): Promise<Page<T>> {
    const data: T[] = []
    let after = ''
    for (;;) {
      const page = await call<Page<T>>('GET', `${path}?limit=${PAGE_ENTRIES}${after}`)
      data.push(...page.data)
      if (!page.has_more || page.last === null) return { data, has_more: false, last: page.last }
      after = `&after=${encodeURIComponent(page.last)}`
    }
  }

  return { call, all }
}

/** A path with its parts escaped: path`/tenants/${id}`. */
export function path(strings: TemplateStringsArray, ...parts: readonly string[]): string {
  return String.raw({ raw: strings }, ...parts.map(encodeURIComponent))
}

/** `?a=1&b=2` of what is set; nothing when nothing is. */
export function query(fields: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const set = Object.entries(fields).filter(([, value]) => value !== undefined)
  return set.length === 0 ? '' : `?${new URLSearchParams(set.map(([name, value]) => [name, String(value)]))}`
}

const NOT_JSON = Symbol('not JSON')

function parsed(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return NOT_JSON
  }
}

function unreachable(url: string, error: unknown): string {
  const late = error instanceof Error && error.name === 'TimeoutError'
  if (late) return `Sluice at ${url} did not answer within ${DEADLINE_MS / 1000} s.`
  const { code } = (error instanceof Error ? (error.cause ?? error) : {}) as { code?: unknown }
  const why = typeof code === 'string' ? ` (${code})` : ''
  return `Sluice cannot be reached at ${url}${why}. Is it running? \`npm run dev\` starts it; SLUICE_URL says where it is.`
}

function refused(url: string, status: number, body: unknown): CliError {
  const { error } = (typeof body === 'object' && body !== null ? body : {}) as {
    error?: { message?: unknown; code?: unknown; faults?: { path: string; message: string }[] }
  }
  if (typeof error?.message !== 'string') {
    return new CliError(`${url} answered ${status}, but not as Sluice's admin API does. Is SLUICE_URL right?`)
  }
  if (status === 401) {
    return new CliError(`Sluice at ${url} does not accept the admin token. Set SLUICE_ADMIN_TOKEN to its own.`, body)
  }
  const faults = (error.faults ?? []).map(
    ({ path, message }) => `\n  ${path === '' ? '(whole document)' : path}  ${message}`,
  )
  return new CliError(`${error.message} (${error.code}, ${status})${faults.join('')}`, body)
}
