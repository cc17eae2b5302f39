/** Who watches which stream go by. No I/O. */
import type { InferenceRequest } from '../core/inference.ts'
import type { RepetitionRule } from '../core/repetition.ts'
import type { Form } from '../core/wire.ts'
import { WIRES } from '../core/wires.ts'
import type { Cutter } from './cutter.ts'
import { EventCutter } from './event-cutter.ts'
import { NativeCutter } from './native-cutter.ts'
import { RepetitionCutter } from './repetition-cutter.ts'

/** The cutter of one attempt. `repetition`: when its text counts as a loop; undefined where nobody looks for one. */
export function cutterOf(
  form: Form,
  { wantsUsage, operation }: Pick<InferenceRequest, 'wantsUsage' | 'operation'>,
  repetition: RepetitionRule | undefined,
): Cutter {
  if (form !== 'openai') return new NativeCutter(WIRES[form])
  const cutter = new EventCutter(!wantsUsage)
  return repetition === undefined || operation !== 'chat' ? cutter : new RepetitionCutter(cutter, repetition)
}
