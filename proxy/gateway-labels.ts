// Labels that follow data, as a running gateway keeps them: from the state store, with each of them recorded,
// counted and logged, and what people may ask and say of them.
import { randomUUID } from 'node:crypto'
import type { Clock } from './clock.js'
import type { Settings } from './config/settings.js'
import type { Log } from './log.js'
import type { Metrics } from './metrics.js'
import type { Recorder } from './recording/recorder.js'
import type { State, StateOptions } from './state/state.js'
import type { CatalogueStoreParts } from './targets/catalogue-store.js'
import { createFollowedLabels, type FollowedLabels } from './targets/followed-labels.js'
import { LABELS_WORD, type FollowedRow } from './targets/followed-label-rows.js'
import type { FollowedView, LabelsDesk } from './web/labels-api.js'

export type GatewayLabels = FollowedLabels & { readonly desk: LabelsDesk }

export async function gatewayLabels(parts: {
  readonly state: State
  readonly recorder: Recorder
  readonly metrics: Pick<Metrics, 'labelFollowed' | 'labelDismissed'>
  readonly clock: Clock
  readonly log: Log
}): Promise<GatewayLabels> {
  const { state, recorder, metrics, clock, log } = parts
  const followed = await createFollowedLabels({
    state,
    clock,
    log,
    newId: randomUUID,
    onFollowed: (row) => {
      const { target, session, command, by } = row
      const detail = wordsOf(row)
      recorder.incident({ event: 'label_followed', session, command, by, detail })
      metrics.labelFollowed(target)
      log.info({ target, session, command, label: detail }, 'a label followed data')
    },
  })
  return {
    ...followed,
    desk: {
      all: (target) =>
        followed
          .all()
          .filter((row) => target === undefined || row.target === target)
          .map(viewOf),
      dismiss: async (id, by, reason) => {
        const row = followed.all().find((one) => one.id === id)
        if (row === undefined || !(await followed.dismiss(id, by.key, reason))) return false
        const detail = `${wordsOf(row)}: ${reason}`
        recorder.incident({ event: 'label_dismissed', by: by.key, detail })
        metrics.labelDismissed(row.target)
        log.warn({ target: row.target, by: by.key, label: detail }, 'a label was dismissed')
        return true
      },
    },
  }
}

// Words about approvals; one store carries those about labels as well.
export function onApprovals(state: State, listener: (approval: string) => void): () => void {
  return state.onAnnounced((word) => {
    if (word !== LABELS_WORD) listener(word)
  })
}

// How often the names of a target are looked at, and what a column without labels means there.
export function cataloguesOf(
  settings: () => Settings,
): Pick<CatalogueStoreParts, 'refreshMs' | 'unlabelled'> {
  const of = (target: string) => settings().targets.find(({ name }) => name === target)
  return {
    refreshMs: (target) => of(target)?.catalogue.refreshMs ?? 15_000,
    unlabelled: (target) => of(target)?.unlabelled === 'mask',
  }
}

export function stateOptions(settings: Settings['state']): StateOptions {
  if (settings.kind === 'sqlite') return settings
  return { kind: 'postgres', url: settings.url.reveal() }
}

// `shop: public.copy.ssn holds pii of public.customers.ssn`
function wordsOf({ target, schema_name, relation, column_name, labels, source }: FollowedRow) {
  const held = (JSON.parse(labels) as readonly string[]).join(', ')
  return `${target}: ${schema_name}.${relation}.${column_name} holds ${held} of ${source}`
}

function viewOf(row: FollowedRow): FollowedView {
  const { dismissed_ms, dismissed_by, dismissed_reason } = row
  return {
    id: row.id,
    target: row.target,
    database: row.database,
    schema: row.schema_name,
    table: row.relation,
    column: row.column_name,
    labels: JSON.parse(row.labels) as string[],
    from: row.source,
    kept: row.kept === 1,
    bound: row.bound === 1,
    session: row.session,
    command: row.command,
    by: row.by,
    at_ms: row.created_ms,
    dismissed:
      dismissed_ms === null
        ? null
        : { by: dismissed_by ?? '', reason: dismissed_reason ?? '', at_ms: dismissed_ms },
  }
}
