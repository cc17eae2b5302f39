/** A mutant as text: where it is, and the lines before and after. No I/O. */
import { type Mutant, mutate } from './sites.ts'

const LINES_SHOWN = 8

/** `src/x.ts:12 swapped branch in name`. */
export function titleOf({ path, line, kind, name }: Mutant): string {
  return `${path}:${line} ${kind} in ${name}`
}

/** The lines that the edit touches, with - and +; a long body is cut. */
export function diffOf(text: string, mutant: Mutant): string {
  const first = text.slice(0, mutant.start).split('\n').length - 1
  const linesAfter = text.slice(mutant.end).split('\n').length - 1
  const touched = (whole: string): string[] => {
    const lines = whole.split('\n')
    return lines.slice(first, lines.length - linesAfter)
  }
  return [...shown('-', touched(text)), ...shown('+', touched(mutate(text, mutant)))].join('\n')
}

function shown(sign: string, lines: readonly string[]): string[] {
  const cut = lines.length > LINES_SHOWN ? [`  … ${lines.length - LINES_SHOWN} more lines`] : []
  return [...lines.slice(0, LINES_SHOWN).map((line) => `  ${sign} ${line}`), ...cut]
}
