/** The model that every route starts from. No I/O. */
import type { LogisticModel } from './logistic.ts'

export const PRIOR: LogisticModel = {
  weights: [2.22, -0.3, 0.27, 0.87, 1.65, 1.88, -0.67, 0.09, -0.81, -0.84],
  seen: Array.from({ length: 10 }, () => 400),
}
