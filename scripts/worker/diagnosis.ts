/** Why no connection came about: a WebSocket client is not told, so the same is asked over plain HTTP. */
import { field } from '../../src/core/loose.ts'
import { codeOf } from './fault.ts'
import { DIAGNOSIS_MS } from './limits.ts'

/** `token`, `pool`: it does not mend by itself · `away`: it may. */
export interface Diagnosis {
  readonly kind: 'token' | 'pool' | 'away'
  readonly message: string
}

export async function diagnose(address: string, token: string): Promise<Diagnosis> {
  const { origin } = new URL(address)
  const headers = { authorization: `Bearer ${token}` }
  const signal = AbortSignal.timeout(DIAGNOSIS_MS)
  const reply = await fetch(address, { headers, redirect: 'manual', signal })
    .then(async (reply) => ({ status: reply.status, error: field(await reply.json().catch(() => null), 'error') }))
    .catch((error: unknown) => codeOf(error))
  if (typeof reply === 'string') return { kind: 'away', message: `${origin} cannot be reached (${reply}).` }
  const { status, error } = reply
  const message = field(error, 'message')
  if (typeof message !== 'string')
    return { kind: 'away', message: `${origin} answered ${status}, but not as Sluice does. Is --gateway right?` }
  if (status === 401) return { kind: 'token', message }
  if (status === 404) return { kind: 'pool', message }
  if (field(error, 'param') === 'upgrade')
    return { kind: 'away', message: `${origin} answers, but no WebSocket comes through. Is there a proxy in between?` }
  return { kind: 'away', message }
}
