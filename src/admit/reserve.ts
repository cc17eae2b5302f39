/** The stage that answers for tokens and money. What they need was reserved in the question that admission asked. No I/O. */
import type { Refusal } from '../core/errors.ts'
import type { Admission } from './admit.ts'

type Admitted = Extract<Admission, { readonly kind: 'admitted' }>
type Short = Extract<Admission, { readonly kind: 'short' }>

/** May the request cost what it may cost? Then what was admitted goes on, with its reservation. */
export type Reservation = Admitted | { readonly kind: 'refused'; readonly refusal: Refusal }

/** Refuses who is short of tokens or money, now that nothing has served them without. */
export function reserve(admission: Admitted | Short): Reservation {
  return admission.kind === 'admitted' ? admission : { kind: 'refused', refusal: admission.refusal }
}
