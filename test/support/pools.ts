/** An isolate's side of the lines to pools' objects, over a store that the test writes. */
import { createPoolLines } from '../../src/core/pool/lines.ts'
import type { Clock } from '../../src/lib/clock.ts'
import type { PoolStore } from '../../src/stores/types.ts'

const away = (): Promise<never> => Promise.reject(new Error('the object is out of reach'))

/** Objects that are out of reach: isolates choose by what they have seen themselves. */
export const NO_OBJECTS: PoolStore = {
  acquire: away,
  turn: away,
  tell: away,
  workers: () => ({ fetch: away }),
}

/** The lines of one isolate. */
export const poolsOver = (clock: Clock, store: PoolStore = NO_OBJECTS) => ({ ...createPoolLines(clock), store })
