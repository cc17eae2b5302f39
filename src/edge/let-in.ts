/** Who asks: whoever the key says, or, of a request that an object answers, whoever was let in before. */
import { type Entered, enter } from '../authenticate/enter.ts'
import { type Edge, presentedBy } from './arrival.ts'

/** Lets in, or says why not. */
export function letIn({ services, guard, owned }: Edge, request: Request): Entered | Promise<Entered> {
  const known = owned.get(request)
  return known === undefined ? enter(services, guard, presentedBy(request)) : { ...known.entry, kind: 'entry' }
}
