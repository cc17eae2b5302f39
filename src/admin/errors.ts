/** How the admin API says no: one shape, every fault named, nothing of what went wrong inside. */
import type { Context } from 'hono'
import type { Fault } from '../core/control.ts'
import type { ErrorCode, Refusal } from '../core/errors.ts'
import { openaiError, refusal } from '../core/errors.ts'
import { VaultError } from '../core/sealed.ts'
import type { AdminEnv } from './routing.ts'

/** A refusal on its way to `onError`: handlers stay straight lines. */
export class AdminRefusal extends Error {
  readonly refusal: Refusal
  readonly faults: readonly Fault[]

  constructor(refused: Refusal, faults: readonly Fault[]) {
    super(refused.message)
    this.refusal = refused
    this.faults = faults
  }
}

/** Ends the call with a code of the closed list. */
export function refuse(
  code: ErrorCode,
  message: string,
  more: { faults?: readonly Fault[]; retryAfterMs?: number; allow?: string } = {},
): never {
  const { faults = [], ...rest } = more
  throw new AdminRefusal(refusal(code, message, { ...rest, param: paramOf(faults) }), faults)
}

/** Ends the call with what is wrong with its input. */
export function refuseInput(faults: readonly Fault[]): never {
  const first = faults[0]
  const where = first === undefined || first.path === '' ? 'The input' : first.path
  const more = faults.length > 1 ? `, and ${faults.length - 1} more` : ''
  refuse('invalid_request', `${where} ${first?.message ?? 'is not valid'}${more}. Nothing was changed.`, { faults })
}

/** The field at fault, dotted; null where it is the whole input. */
function paramOf(faults: readonly Fault[]): string | null {
  const path = faults[0]?.path ?? ''
  return path === '' ? null : path.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~')
}

/** Turns whatever a handler threw into a reply. */
export function onError(error: unknown, c: Context<AdminEnv>): Response {
  if (error instanceof AdminRefusal) return errorReply(error.refusal, error.faults)
  // Set by the runtime on the errors of an object that could not be reached or has too much to do; the name is that of
  // the stores' own error for one that did not answer in time.
  const { retryable, overloaded } = error as { retryable?: unknown; overloaded?: unknown }
  const line = { level: 'error', event: 'admin_failed', method: c.req.method, path: c.req.path, ...traceOf(error) }
  // Absent when making the services is what failed.
  const services = c.get('services') as AdminEnv['Variables']['services'] | undefined
  services?.log(line)
  const late = error instanceof Error && error.name === 'ObjectTimeout'
  if (retryable === true || overloaded === true || late) {
    return errorReply(
      refusal('overloaded', 'The state of this deployment is out of reach for the moment. Repeat the call.', {
        retryAfterMs: 1000,
      }),
    )
  }
  if (error instanceof VaultError) {
    const told = 'SLUICE_MASTER_KEY does not open what this deployment has stored. Put the right one back.'
    return errorReply(refusal('misconfigured', told))
  }
  return errorReply(refusal('internal', 'The call failed inside. The log line of this request says where.'))
}

/** Name and frames of an error, without its message: that may quote what it stumbled over. */
function traceOf(error: unknown): { error: string; trace: string[] } {
  if (!(error instanceof Error)) return { error: typeof error, trace: [] }
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return { error: error.name, trace: frames.slice(0, 4).map((line) => line.trim()) }
}

/** A refusal as it goes over the wire. */
export function errorReply(refused: Refusal, faults: readonly Fault[] = []): Response {
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' })
  if (refused.allow !== undefined) headers.set('allow', refused.allow)
  if (refused.status === 401) headers.set('www-authenticate', 'Bearer')
  if (refused.retryAfterMs !== undefined) {
    headers.set('retry-after', String(Math.ceil(refused.retryAfterMs / 1000)))
    headers.set('retry-after-ms', String(Math.ceil(refused.retryAfterMs)))
  }
  const { error } = openaiError(refused)
  return Response.json({ error: { ...error, faults } }, { status: refused.status, headers })
}
