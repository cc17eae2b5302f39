/** One form of a text for guards and gate: compatibility characters resolved, Chinese in simplified characters. No I/O. */
import { SIMPLIFIED, TRADITIONAL } from './words/han.ts'

const simplified = new Map([...TRADITIONAL].map((character, index) => [character, SIMPLIFIED.charAt(index)]))
const traditional = new RegExp(`[${TRADITIONAL}]`, 'g')
/** Beyond ASCII: everything else is in its one form already. */
const special = /[^\s!-~]/

/** NFKC, in simplified characters as far as the guards' words need them. Case stays. */
export function normalised(text: string): string {
  if (!special.test(text)) return text
  return text.normalize('NFKC').replace(traditional, (character) => simplified.get(character) ?? character)
}
