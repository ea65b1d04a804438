// What a statement, once it has succeeded, changes in the names that a session has on the target.
import type { Statement } from '../../../engine/facts/postgres/reading.js'
import { catalogueOf } from './context.js'
import type { Rewritten } from '../../guard.js'
import { ownText } from '../../guard-rewrite.js'
import type { Change } from './memory.js'
import type { RelayState } from './relay-state.js'
import { preparedIn } from './resolve.js'

const NOTHING: readonly Change[] = []

export function changesOf(
  r: RelayState,
  statement: Statement,
  reading: number,
  text: string,
  of: number,
  // What the target has in place of the text.
  sent?: Rewritten,
): readonly Change[] {
  const { control } = sent?.statement ?? statement
  switch (control.kind) {
    case 'prepare': {
      const { names } = r
      if (names === undefined) throw new Error('names are not known')
      const to = {
        text: ownText({ text, statement, of }),
        wrapped: true,
        reading: innerNumber(),
        statement: preparedIn(statement),
        catalogue: catalogueOf(r),
        names,
        ...(sent === undefined ? {} : { sent: { ...sent, statement: control.statement } }),
      }
      return [{ kind: 'statement', name: control.name, to }]
    }
    case 'deallocate':
      return control.name === undefined
        ? [{ kind: 'statements_cleared' }]
        : [{ kind: 'statement', name: control.name, to: undefined }]
    case 'declare': {
      const to = {
        statement: control.statement,
        reading,
        cursor: true,
        // Only where the reading says so: a cursor that is taken to be gone is refused, not misread.
        hold: control.hold === true,
        policy: r.parts.policy()?.id ?? -1,
        stamp: r.stamp,
        catalogue: catalogueOf(r),
        prepared: undefined,
        resolvedTo: undefined,
        formats: [],
        running: undefined,
        columns: undefined,
        describing: false,
        executed: false,
        segment: r.segment,
        mark: 0,
      }
      return [{ kind: 'portal', name: control.name, to }]
    }
    case 'close':
      return control.name === undefined
        ? [{ kind: 'portals_cleared' }]
        : [{ kind: 'portal', name: control.name, to: undefined }]
    case 'discard':
      return control.what === 'all'
        ? [{ kind: 'statements_cleared' }, { kind: 'portals_cleared' }]
        : NOTHING
    case 'savepoint':
    case 'rollback_to':
    case 'release':
      return [{ kind: control.kind, name: control.name }]
    case 'none':
    case 'begin':
    case 'commit':
    case 'rollback':
    case 'prepare_transaction':
    case 'execute':
    case 'fetch':
    case 'copy_in':
    case 'copy_out':
    case 'set':
      return NOTHING
  }
}

let numbers = 0

// A prepared statement has no reading of its own; below those of joined statements.
function innerNumber(): number {
  return -1_000_000_000 - ++numbers
}
