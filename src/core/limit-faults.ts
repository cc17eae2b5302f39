/** What a limit's schema cannot say: which of its fields go together. For the deployment's, a tenant's and a key's. No I/O. */
import type { Fault } from './control.ts'
import { pointer } from './faults.ts'
import { BUDGET_USD_MAX } from './limits.ts'
import { field, items } from './loose.ts'

/** Faults of a list of limits as it was written, whether or not its schema accepts it. */
export function limitFaults(limits: unknown, path: readonly PropertyKey[]): Fault[] {
  const names = new Set<unknown>()
  return items(limits).flatMap((limit, index) => {
    const name = field(limit, 'name')
    const repeated = typeof name === 'string' && names.has(name)
    names.add(name)
    const found = faultsOfLimit(limit).map(([at, message]) => fault([...path, index, at], message))
    return repeated ? [fault([...path, index, 'name'], 'is the name of another limit in this list'), ...found] : found
  })
}

const fault = (path: readonly PropertyKey[], message: string): Fault => ({ path: pointer(path), message })

function faultsOfLimit(limit: unknown): [string, string][] {
  // The schema's fault already.
  if (typeof limit !== 'object' || limit === null) return []
  // `amount: null` removes the limit of that name: nothing else is read.
  if (field(limit, 'amount') === null) return []
  const has = (name: string): boolean => field(limit, name) !== undefined
  const of = field(limit, 'of')
  const amount = field(limit, 'amount')
  const paced = field(limit, 'shape') === 'paced'
  const faults: [string, string][] = []
  if (of === undefined) faults.push(['of', 'is required, unless amount is null'])
  if (of === 'concurrency') {
    for (const window of ['perSeconds', 'per']) {
      if (has(window)) faults.push([window, 'has no meaning for concurrency'])
    }
  } else if (has('perSeconds') && has('per')) {
    faults.push(['per', 'goes not with perSeconds: name one window'])
  } else if (of !== undefined && !has('perSeconds') && !has('per')) {
    faults.push(['perSeconds', 'is required, or per'])
  }
  if (of !== 'usd' && typeof amount === 'number' && !Number.isInteger(amount)) {
    faults.push(['amount', 'must be a whole number, but for usd'])
  }
  if (of === 'usd' && typeof amount === 'number' && amount > BUDGET_USD_MAX) {
    faults.push(['amount', `must be at most ${BUDGET_USD_MAX} of usd`])
  }
  if (has('timeZone')) {
    if (!has('per')) faults.push(['timeZone', 'goes only with per'])
    else if (!isTimeZone(field(limit, 'timeZone')))
      faults.push(['timeZone', 'must be a time zone, as in Europe/Berlin'])
  }
  if (paced && !has('perSeconds')) faults.push(['shape', 'paced goes only with perSeconds'])
  if (has('burst') && !paced) faults.push(['burst', 'goes only with "shape": "paced"'])
  const burst = field(limit, 'burst')
  if (paced && typeof burst === 'number' && typeof amount === 'number' && burst > amount) {
    faults.push(['burst', 'must not be more than amount'])
  }
  return faults
}

function isTimeZone(zone: unknown): boolean {
  if (typeof zone !== 'string') return true // The schema's fault already.
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}
