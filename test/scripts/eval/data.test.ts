/** Labelled sets as they come: CLINC150's file, and CSV. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readSet, utterancesOf } from '../../../scripts/eval/data.ts'

describe('a CSV', () => {
  it.each([
    ['in order', 'text,label\nhello,greet\n', [{ text: 'hello', label: 'greet' }]],
    ['named in another order', 'id,Label,TEXT\n1,greet,hello\n', [{ text: 'hello', label: 'greet' }]],
    ['by other names', 'text,category\nhello,greet\n', [{ text: 'hello', label: 'greet' }]],
    [
      'quoted, with commas, quotes and lines, and CRLF',
      '\ufefftext,label\r\n"a, ""b""\nc",x\r\n\r\nd,y',
      [
        { text: 'a, "b"\nc', label: 'x' },
        { text: 'd', label: 'y' },
      ],
    ],
    ['with rows that say nothing', 'text,label\n ,x\nhello\n', []],
    ['empty', '', []],
  ])('is read: columns %s', (_, csv, utterances) => expect(utterancesOf(csv)).toEqual(utterances))
})

describe('a folder', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-set-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('of CSV files is read by their names', async () => {
    await writeFile(join(folder, 'test.csv'), 'text,label\nb,y\n')
    await writeFile(join(folder, 'a.csv'), 'text,label\na,x\n')
    await writeFile(join(folder, 'notes.txt'), 'no')
    expect((await readSet(folder)).map(({ text }) => text)).toEqual(['a', 'b'])
  })

  it("in CLINC150's shape has answers in common, but for what is out of scope", async () => {
    const splits = { train: [['a', 'x']], oos_test: [['b', 'oos']] }
    await writeFile(join(folder, 'data_full.json'), JSON.stringify(splits))
    await writeFile(join(folder, 'other.csv'), 'text,label\nc,z\n')
    expect(await readSet(folder)).toEqual([
      { text: 'a', label: 'x' },
      { text: 'b', label: null },
    ])
  })

  it('without a set is told', async () => {
    await expect(readSet(folder)).rejects.toThrow('data_full.json')
  })
})
