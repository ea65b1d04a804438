// Approvals, incidents and divergences of the shadow, by the command that they are about. An approval is settled
// outside the session and may name only its own id, so which command it is for is kept beside.
import type { Mark } from './happened.js'
import type { IndexFile } from './index-file.js'
import { folded } from './views.js'

export type Marks = {
  readonly add: (mark: Mark, session: number | undefined) => void
  readonly approvalOf: (approval: string, session: number, of: { readonly command: number }) => void
}

export function createMarks(index: IndexFile): Marks {
  const approvalOf: Marks['approvalOf'] = (approval, session, { command }) =>
    index
      .sql('insert or replace into approvals (approval, session, command) values (?, ?, ?)')
      .run(approval, session, command)
  return {
    approvalOf,
    add({ mark, value, seq, time, command, approval, detail }, session) {
      if (approval !== undefined && session !== undefined && command !== undefined) {
        approvalOf(approval, session, { command })
      }
      index
        .sql(
          'insert or replace into marks (kind, value, seq, time, session, command, approval, detail)' +
            ' values (?, ?, ?, ?, ?, ?, ?, ?)',
        )
        .run(
          ...[mark, folded(value), seq, time, session ?? null, command ?? null],
          ...[approval ?? null, JSON.stringify(detail)],
        )
    },
  }
}
