/** The stage that answers for tokens and money. What they need was reserved in the question that admission asked. No I/O. */
import type { Refusal } from '../core/errors.ts'
import type { Admission } from './admit.ts'

/** May the request cost what it may cost? */
export type Reservation = { readonly kind: 'reserved' } | { readonly kind: 'refused'; readonly refusal: Refusal }

const RESERVED: Reservation = { kind: 'reserved' }

/** Refuses who is short of tokens or money, now that nothing has served them without. */
export function reserve(admission: Extract<Admission, { readonly kind: 'admitted' | 'short' }>): Reservation {
  return admission.kind === 'admitted' ? RESERVED : { kind: 'refused', refusal: admission.refusal }
}
