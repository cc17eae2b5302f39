/** Which count serves which window. No I/O. */
import { CalendarCount } from './calendar.ts'
import type { Count, Entry } from './count.ts'
import { Pacer } from './pacer.ts'
import { SlidingWindow } from './sliding-window.ts'
import type { Window } from './types.ts'

/** A window of time; `held` has none: its leases are counted, not units over time. */
export type TimedWindow = Exclude<Window, { readonly kind: 'held' }>

/** The count of a window, as its stored entries have left it. */
export function countOf(window: TimedWindow, entries: readonly Entry[]): Count {
  switch (window.kind) {
    case 'sliding':
      return new SlidingWindow(window.perMs, entries)
    case 'paced':
      return new Pacer(window.perMs, window.burst, entries)
    case 'calendar':
      return new CalendarCount(window.per, window.timeZone, entries)
  }
}
