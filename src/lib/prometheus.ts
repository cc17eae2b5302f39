/** Reads Prometheus' text format: the samples of the metrics that somebody wants, and nothing else. No I/O. */
/*
 * By its specification (https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4; OpenMetrics 1.0 for
 * what may follow a value). By hand because no kept package reads what is to be read here, each tried on 2026-11-28:
 * `parse-prometheus-text-format` 1.1.1 (its source of 2019, one dependency) fails the whole page at a blank after the
 * comma between two labels, as the DCGM exporter's own documentation has it; `prom2javascript` 0.2.0 needs Node's
 * readline, and it and `exposition` 1.2.0 know no colon in a name, which every name of vLLM and SGLang has. All three
 * build a tree of all families, of which some ten samples in several hundred are wanted. A package that does better may
 * stand in for this file.
 */

/** One line of a page. */
export interface Sample {
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  /** May be NaN or infinite. */
  readonly value: number
}

/** A longer line is no sample of anybody's; the expressions below are then sure to end soon. */
const LINE_CHARS_MAX = 16_384
const NAME = /[ \t]*([a-zA-Z_:][a-zA-Z0-9_:]*)/y
/** A line's name; then labels in braces, where a value between quotes may hold anything; its value; and what follows it. */
const SAMPLE =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t]*(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\}[ \t]*|[ \t])([^ \t]+)(?:[ \t].*)?$/
const LABEL = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(?:,|$)/y
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const INFINITE = /^([+-]?)inf(?:inity)?$/i

/**
 * The samples of a page whose names are wanted, in its order. Comments, types, timestamps and exemplars are passed over.
 * So is a line that is none, alone: what the rest of the page says is no less true.
 */
export function samplesOf(page: string, wanted: ReadonlySet<string>): Sample[] {
  const samples: Sample[] = []
  for (let from = 0; from < page.length; ) {
    const end = page.indexOf('\n', from)
    const until = end < 0 ? page.length : end
    // Most lines are comments, or of other metrics: buckets of histograms.
    NAME.lastIndex = from
    const name = NAME.exec(page)?.[1]
    if (name !== undefined && wanted.has(name) && until - from <= LINE_CHARS_MAX) {
      const sample = sampleOf(page.slice(from, until).trim())
      if (sample !== null) samples.push(sample)
    }
    from = until + 1
  }
  return samples
}

function sampleOf(line: string): Sample | null {
  const [, name, inBraces, written] = SAMPLE.exec(line) ?? []
  if (name === undefined || written === undefined) return null
  const labels = labelsOf(inBraces ?? '')
  const value = numberOf(written)
  return labels === null || value === null ? null : { name, labels, value }
}

/** Null where they are not all well-formed. */
function labelsOf(text: string): Map<string, string> | null {
  const labels = new Map<string, string>()
  const trimmed = text.trimEnd()
  let at = 0
  while (at < trimmed.length) {
    LABEL.lastIndex = at
    const [whole, name, value] = LABEL.exec(trimmed) ?? []
    if (whole === undefined || name === undefined || value === undefined) return null
    labels.set(name, unescaped(value))
    at += whole.length
  }
  return labels
}

/** A backslash stands before a backslash, a quote, and the n of a line feed; before anything else it is itself. */
function unescaped(value: string): string {
  return value.replace(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
}

/** As Go's ParseFloat reads it, but for hexadecimal and underscores, which no exporter writes. */
function numberOf(text: string): number | null {
  if (NUMBER.test(text)) return Number(text)
  const infinite = INFINITE.exec(text)
  if (infinite !== null) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return /^nan$/i.test(text) ? Number.NaN : null
}
