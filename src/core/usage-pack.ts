/** Usage records as they travel and are stored: what many of them have in common is said once. No I/O. */
import type { Charge } from './ledger/types.ts'
import { PACKED_KINDS_MAX } from './limits.ts'
import type { UsageBatch, UsageRecord } from './usage-record.ts'

/*
 * Hits of one key on one model differ in id, moment and duration alone. Written out, a row is 350 bytes and its charge
 * 120 more, which are made into JSON twice, read once and stored: that was a tenth of a hit.
 */

/** What differs among records of a kind. */
type Own = 'requestId' | 'at' | 'firstTokenMs' | 'totalMs'
type Common = Omit<UsageRecord, Own>

/** Records that say the same but for their own fields, which stand in `each` one behind the other, `OWN_FIELDS` a record. */
interface Kind {
  readonly common: Common
  readonly charge?: Charge
  readonly each: (string | number | null)[]
}

const OWN_FIELDS = 4

/** All others, each of them: the compiler sees to it. */
const COMMON_FIELDS = Object.keys({
  model: true,
  target: true,
  cache: true,
  key: true,
  outcome: true,
  status: true,
  attempts: true,
  usage: true,
  costMicroUsd: true,
} satisfies Record<keyof Common, true>) as readonly (keyof Common)[]

/** Records, packed. */
export interface PackedRecords {
  readonly kinds: readonly Kind[]
  /** Those with a usage of their own, which no two share, and kinds beyond the bound. */
  readonly rows: readonly UsageRecord[]
}

/** A batch whose records are packed, with the charges of whatever is no kind. */
type PackedBatch = PackedRecords & Omit<UsageBatch, 'rows'>

const NO_CHARGES: UsageBatch['charges'] = {}

/** Packs records; the order is lost. */
export function packRecords(records: readonly UsageRecord[], charges = NO_CHARGES): PackedRecords {
  const kinds: Kind[] = []
  const rows: UsageRecord[] = []
  let last: Kind | undefined
  for (const record of records) {
    const charge = charges[record.requestId]
    if (last === undefined || !isOf(last, record, charge)) {
      last = record.usage === null ? kindOf(kinds, record, charge) : undefined
    }
    if (last === undefined) rows.push(record)
    else last.each.push(record.requestId, record.at, record.firstTokenMs, record.totalMs)
  }
  return { kinds, rows }
}

/** The records again: packed, or in a list, as they were before there was packing. */
export function unpackRecords(packed: PackedRecords | readonly UsageRecord[]): UsageRecord[] {
  return 'kinds' in packed ? [...packed.kinds.flatMap(recordsOf), ...packed.rows] : [...packed]
}

/** Writes a batch. */
export function batchText({ rows, charges, ...others }: UsageBatch): string {
  const packed = packRecords(rows, charges)
  const left = packed.rows.flatMap(({ requestId }) => {
    const charge = charges[requestId]
    return charge === undefined ? [] : [[requestId, charge] as const]
  })
  return JSON.stringify({ ...others, ...packed, charges: Object.fromEntries(left) } satisfies PackedBatch)
}

/** Reads what `batchText` wrote, or a batch as it was before. */
export function readBatch(text: string): UsageBatch {
  const { kinds, ...batch } = JSON.parse(text) as UsageBatch & Partial<PackedBatch>
  if (kinds === undefined) return batch
  const charges: Record<string, Charge> = { ...batch.charges }
  const rows = kinds.flatMap((kind) => {
    const records = recordsOf(kind)
    if (kind.charge !== undefined) for (const { requestId } of records) charges[requestId] = kind.charge
    return records
  })
  return { ...batch, rows: [...rows, ...batch.rows], charges }
}

/** The kind that a record is of, a new one if need be; undefined where there are too many. */
function kindOf(kinds: Kind[], record: UsageRecord, charge: Charge | undefined): Kind | undefined {
  const known = kinds.find((kind) => isOf(kind, record, charge))
  if (known !== undefined || kinds.length >= PACKED_KINDS_MAX) return known
  const { requestId: _, at: __, firstTokenMs: ___, totalMs: ____, ...common } = record
  const kind: Kind = { common, ...(charge === undefined ? {} : { charge }), each: [] }
  kinds.push(kind)
  return kind
}

const isOf = ({ common, charge }: Kind, record: UsageRecord, ofRecord: Charge | undefined): boolean =>
  COMMON_FIELDS.every((name) => common[name] === record[name]) && isSame(charge, ofRecord)

function isSame(one: Charge | undefined, other: Charge | undefined): boolean {
  if (one === other) return true
  if (one === undefined || other === undefined || !('slice' in one) || !('slice' in other)) return false
  return one.slice === other.slice && one.units.every((units, index) => units === other.units[index])
}

function recordsOf({ common, each }: Kind): UsageRecord[] {
  const records: UsageRecord[] = []
  for (let at = 0; at < each.length; at += OWN_FIELDS) {
    records.push({
      requestId: each[at] as string,
      at: each[at + 1] as string,
      ...common,
      firstTokenMs: each[at + 2] as number | null,
      totalMs: each[at + 3] as number,
    })
  }
  return records
}
