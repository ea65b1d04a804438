// Transaction statements, two-phase commit included, and LISTEN, NOTIFY, LOCK: what a session says to
// the server about itself and to other sessions.
import type { LockStmt, TransactionStmt } from 'libpg-query'
import { resolveRelation } from '../analysis.js'
import type { Control } from '../reading.js'
import { relationEffect } from '../relation-effect.js'
import { settingClass } from '../settings.js'
import { optionsOf } from '../tree.js'
import type { Context, Outcome, Readers } from './outcome.js'

export const TRANSACTION_READERS = {
  TransactionStmt: transaction,
  LockStmt: lock,
  ListenStmt: (body, { analysis }) => {
    analysis.effect({ op: 'listen', object: body.conditionname ?? '', kind: 'channel' })
    return { tag: 'LISTEN' }
  },
  UnlistenStmt: (body, { analysis }) => {
    const object = body.conditionname ?? '*'
    analysis.effect({ op: 'listen', object, kind: 'channel', detail: 'end' })
    return { tag: 'UNLISTEN' }
  },
  NotifyStmt: (body, { analysis }) => {
    analysis.effect({ op: 'notify', object: body.conditionname ?? '', kind: 'channel' })
    return { tag: 'NOTIFY' }
  },
} satisfies Readers

type Kind = NonNullable<TransactionStmt['kind']>

const TAGS: Readonly<Record<Kind, string>> = {
  TRANS_STMT_BEGIN: 'BEGIN',
  TRANS_STMT_START: 'START TRANSACTION',
  TRANS_STMT_COMMIT: 'COMMIT',
  TRANS_STMT_ROLLBACK: 'ROLLBACK',
  TRANS_STMT_SAVEPOINT: 'SAVEPOINT',
  TRANS_STMT_RELEASE: 'RELEASE',
  TRANS_STMT_ROLLBACK_TO: 'ROLLBACK',
  TRANS_STMT_PREPARE: 'PREPARE TRANSACTION',
  TRANS_STMT_COMMIT_PREPARED: 'COMMIT PREPARED',
  TRANS_STMT_ROLLBACK_PREPARED: 'ROLLBACK PREPARED',
}

function transaction(body: TransactionStmt, { analysis }: Context): Outcome {
  const kind = body.kind ?? 'TRANS_STMT_BEGIN'
  const detail = kind.replace('TRANS_STMT_', '').toLowerCase()
  analysis.effect({ op: 'transaction', object: '', kind: 'transaction', detail })
  for (const option of optionsOf(body.options)) {
    const object = option.defname ?? ''
    analysis.effect({ op: 'set', object, kind: 'setting', detail: settingClass(object) })
  }
  return { tag: TAGS[kind], control: controlOf(kind, body.savepoint_name ?? '') }
}

function controlOf(kind: Kind, name: string): Control {
  switch (kind) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      return { kind: 'begin' }
    case 'TRANS_STMT_COMMIT':
      return { kind: 'commit' }
    case 'TRANS_STMT_ROLLBACK':
      return { kind: 'rollback' }
    case 'TRANS_STMT_SAVEPOINT':
      return { kind: 'savepoint', name }
    case 'TRANS_STMT_RELEASE':
      return { kind: 'release', name }
    case 'TRANS_STMT_ROLLBACK_TO':
      return { kind: 'rollback_to', name }
    case 'TRANS_STMT_PREPARE':
    case 'TRANS_STMT_COMMIT_PREPARED':
    case 'TRANS_STMT_ROLLBACK_PREPARED':
      return { kind: 'prepare_transaction' }
  }
}

// LOCK modes as in lockdefs.h.
const MODES = [
  '',
  'access_share',
  'row_share',
  'row_exclusive',
  'share_update_exclusive',
  'share',
  'share_row_exclusive',
  'exclusive',
  'access_exclusive',
]

function lock(body: LockStmt, { analysis }: Context): Outcome {
  for (const node of body.relations ?? []) {
    if (!('RangeVar' in node)) continue
    const relation = resolveRelation(analysis, node.RangeVar)
    const detail = MODES[body.mode ?? 0] ?? ''
    relationEffect(analysis, 'lock', node.RangeVar, relation, { detail })
  }
  return { tag: 'LOCK TABLE' }
}
