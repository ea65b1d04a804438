// Approvals, incidents and divergences of the shadow, by the command that they are about. That command may be
// recorded before them or after, and an approval is settled outside the session and may name only its own
// id; so either side looks for the other.
import type { IndexedCommand, Mark } from './happened.js'
import { numberOf, type IndexFile } from './index-file.js'
import { folded } from './views.js'

export type Marks = {
  // `at`: the line of its command, where that was recorded already.
  readonly add: (mark: Mark, session: number | undefined, at: number | undefined) => void
  readonly command: (command: IndexedCommand, session: number) => void
}

export function createMarks(index: IndexFile): Marks {
  return {
    add({ mark, value, seq, time, command, approval, detail }, session, known) {
      const at = known ?? approved(index, approval)
      index
        .sql(
          'insert or replace into marks (kind, value, seq, time, session, command, approval, at, detail)' +
            ' values (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        )
        .run(
          ...[mark, folded(value), seq, time, session ?? null, command ?? null],
          ...[approval ?? null, at ?? null, JSON.stringify(detail)],
        )
    },
    command({ seq, command, approval }, session) {
      index
        .sql('update marks set at = ? where at is null and session = ? and command = ?')
        .run(seq, session, command)
      if (approval === undefined) return
      index.sql('update marks set at = ? where at is null and approval = ?').run(seq, approval)
      index.sql('insert or replace into approvals (approval, at) values (?, ?)').run(approval, seq)
    },
  }
}

function approved(index: IndexFile, approval: string | undefined): number | undefined {
  if (approval === undefined) return undefined
  const found = index.sql('select at from approvals where approval = ?').get(approval)
  return found === undefined ? undefined : numberOf(found, 'at')
}
