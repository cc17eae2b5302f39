/** How a stream ends that did not come to its own end, told to whoever reads it later: in the words of its skin. No I/O. */
import { refusal } from '../core/errors.ts'
import { errorsAt } from './skin-errors.ts'
import { SKINS } from './skins.ts'

const CAUSES = {
  cancelled: refusal('conflict', 'This stream was cancelled. What is above is all there will be.'),
  failed: refusal('upstream_failed', 'The answer broke off. Ask again.'),
  interrupted: refusal('internal', 'The process that was answering this died. What is above is what was kept of it.'),
}

/** The last event. `sent`: the first and the last that there are. */
export function lastWords(
  status: keyof typeof CAUSES,
  { id, path, startedAtMs }: { readonly id: string; readonly path: string; readonly startedAtMs: number },
  sent: { readonly first: string; readonly last: string },
): string {
  const errors = SKINS[path]?.errors ?? errorsAt(path)
  const heading = { id: id.replace(/^[a-z]+_/, ''), model: '', createdS: Math.floor(startedAtMs / 1000) }
  return errors.frame(CAUSES[status], null, heading, {}, sent)
}
