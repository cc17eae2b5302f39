/** Switches for faults: what the replica can be made to do wrong, how often, and where in a reply it does it. */
import { z } from 'zod'

/** Faults in place of a reply. A number is a status with vLLM's error body. */
const instead = ['refuse', 'stall-headers', 'html', 'error-200', 'redirect'] as const
/** Faults inside a reply. `-first`: before the first content; the others: after two tokens of it. */
const inside = [
  'stall-first',
  'stall',
  'cut-first',
  'cut',
  'cut-event',
  'end',
  'error-first',
  'error-event',
  'malformed',
  'big-event',
] as const

export const faultSchema = z.strictObject({
  kind: z.union([
    z.enum([...instead, ...inside]),
    z.string().regex(/^[45]\d\d$/, 'must be a kind of fault or a status'),
  ]),
  /** Requests that it befalls. */
  count: z.int().min(1).default(1),
  /** Path it befalls; absent: any under /v1, and /health. */
  path: z.string().optional(),
  retryAfterSeconds: z.number().min(0).optional(),
  redirectStatus: z.int().min(300).max(399).default(307),
  location: z.string().optional(),
})

export type Fault = z.output<typeof faultSchema>

/** The faults that are due, first in first out. */
export interface Faults {
  readonly add: (fault: Fault) => void
  readonly clear: () => void
  readonly due: () => readonly Fault[]
  /** The fault for a request to the path, used up by one. */
  readonly take: (path: string) => Fault | undefined
}

export function createFaults(): Faults {
  let due: Fault[] = []
  return {
    add: (fault) => {
      due.push(fault)
    },
    clear: () => {
      due = []
    },
    due: () => due,
    take: (path) => {
      const found = due.find((fault) => fault.path === undefined || fault.path === path)
      if (found !== undefined) {
        due = due.flatMap((fault) =>
          fault !== found ? [fault] : fault.count > 1 ? [{ ...fault, count: fault.count - 1 }] : [],
        )
      }
      return found
    },
  }
}

/** A fault from its short form: `kind` or `kind:count`; undefined when there is none of that name. */
export function readFault(text: string): Fault | undefined {
  const [kind, count] = text.split(':')
  return faultSchema.safeParse({ kind, ...(count === undefined ? {} : { count: Number(count) }) }).data
}

/** Whether the fault takes the place of the whole reply. */
export function isInstead(fault: Fault): boolean {
  return instead.some((kind) => kind === fault.kind) || /^\d/.test(fault.kind)
}
