// What an answer may be missing: lines that are not indexed yet, and lines that the record no longer has.
import type { Standing } from './answers.js'
import { numberOf, textOf, type IndexFile } from './index-file.js'

const LISTED = 20

export function standingOf(index: IndexFile, behindBytes: number): Standing {
  const all = numberOf(index.sql('select count(*) as n from gaps').get(), 'n')
  const rows = index
    .sql('select from_seq, to_seq, why from gaps order by from_seq desc limit ?')
    .all(LISTED)
  return {
    behind_bytes: behindBytes,
    gaps: rows.map((row) => ({
      from: numberOf(row, 'from_seq'),
      to: numberOf(row, 'to_seq'),
      why: textOf(row, 'why'),
    })),
    more_gaps: Math.max(0, all - LISTED),
  }
}
