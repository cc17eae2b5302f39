/** Targets of a config that have no price: what they cost is not known, and limits on money treat them by policy. No I/O. */
import type { Config } from './config.ts'
import { compileModels } from './snapshot.ts'

/** An alias, and those of its targets that have no price, as `provider/model`. */
export interface MissingPrices {
  readonly model: string
  readonly targets: readonly string[]
}

/** Every alias that has such targets. */
export function missingPrices(config: Pick<Config, 'providers' | 'models'>): MissingPrices[] {
  return [...compileModels(config).values()].flatMap(({ alias, targets }) => {
    const unpriced = targets.filter(({ price }) => price === undefined)
    return unpriced.length === 0 ? [] : [{ model: alias, targets: unpriced.map(({ id }) => id) }]
  })
}
