/** Bounds of the acceptance. No I/O. */

/** A bound, and how the run stands to it. A figure that could not be had (NaN) keeps none. */
export interface Verdict {
  readonly name: string
  readonly value: number
  readonly bound: string
  readonly ok: boolean
}

export function atLeast(name: string, value: number, bound: number): Verdict {
  return { name, value, bound: `≥ ${bound}`, ok: value >= bound }
}

export function atMost(name: string, value: number, bound: number): Verdict {
  return { name, value, bound: `≤ ${bound}`, ok: value <= bound }
}

export function below(name: string, value: number, bound: number): Verdict {
  return { name, value, bound: `< ${bound}`, ok: value < bound }
}
