/** A labelled set: utterances, and which of them have the same answer. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { z } from 'zod'

export interface Utterance {
  readonly text: string
  /** The same label is the same answer. Null: an answer of its own. */
  readonly label: string | null
}

/** CLINC150 has it all in one file; what is out of its scope has no answer in common. */
const CLINC_FILE = 'data_full.json'
const OUT_OF_SCOPE = 'oos'
const clincSchema = z.record(z.string(), z.array(z.tuple([z.string(), z.string()])))

/** Reads a folder's CLINC150 file, or else all its CSV files in the order of their names. */
export async function readSet(folder: string): Promise<Utterance[]> {
  const names = (await readdir(folder)).sort()
  if (names.includes(CLINC_FILE)) {
    const splits = clincSchema.parse(JSON.parse(await readFile(join(folder, CLINC_FILE), 'utf8')))
    return Object.values(splits)
      .flat()
      .map(([text, label]) => ({ text, label: label === OUT_OF_SCOPE ? null : label }))
  }
  const files = names.filter((name) => name.toLowerCase().endsWith('.csv'))
  if (files.length === 0) throw new Error(`neither ${CLINC_FILE} nor a .csv file in ${folder}`)
  const rows = await Promise.all(files.map(async (name) => utterancesOf(await readFile(join(folder, name), 'utf8'))))
  return rows.flat()
}

/** Rows of a CSV (RFC 4180) with a header: its columns `text` and `label`, or else the first and the second. */
export function utterancesOf(csv: string): Utterance[] {
  const [header = [], ...rows] = parse(csv, { bom: true, skip_empty_lines: true, relax_column_count: true })
  const columns = header.map((name) => name.trim().toLowerCase())
  const at = (name: string, otherwise: number): number => (columns.includes(name) ? columns.indexOf(name) : otherwise)
  const [text, label] = [at('text', 0), at('label', 1)]
  return rows.flatMap((row) => {
    const [said = '', answer = ''] = [row[text], row[label]]
    return said.trim() === '' || answer === '' ? [] : [{ text: said, label: answer }]
  })
}
