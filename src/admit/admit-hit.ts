/** Admits an answer that was given before, where only what it costs to ask stood in the way: a hit costs neither. */
import type { Client, InferenceRequest } from '../core/inference.ts'
import type { Model } from '../core/snapshot.ts'
import { type Admission, type AdmitServices, type Admitting, admit, type Standing } from './admit.ts'
import { limitsOfHit } from './limits.ts'

/** As `admit`, under the limits on requests and concurrency alone. */
export function admitHit(
  services: AdmitServices,
  entry: Admitting & { readonly again: () => Promise<Standing> },
  request: InferenceRequest,
  model: Model,
  client: Client,
): Admission | Promise<Admission> {
  return admit(services, entry, request, model, client, limitsOfHit)
}
