// A statement may wait at the target while others fill what it reads: what it then sees was not there when it was
// judged, and neither were the labels that followed it there.
import { NO_MASKS } from '../../../engine/facts/postgres/exit-masks.js'
import { objectName } from '../../../engine/facts/postgres/relation-effect.js'
import type { Catalogue } from '../../../engine/facts/postgres/catalogue.js'
import { cutAnswer } from './cut-answer.js'
import type { Failure } from './refuse.js'
import type { RelayState } from './relay-state.js'
import type { Running } from './running.js'

// The answer begins. True: it must not, and was ended.
export function labelsGrew(r: RelayState, running: Running): boolean {
  if (running.masks === NO_MASKS) return false
  const now = r.connected.catalogues.current()
  if (now === running.beside || !hasMore(running, now)) return false
  const { command } = running
  r.parts.onIncident('labels_grew', r.session.id, command, 'what it reads was labelled meanwhile')
  cutAnswer(r, running, LABELLED_MEANWHILE, true)
  return true
}

function hasMore({ statement, beside }: Running, now: Catalogue): boolean {
  const objects = new Set(statement.command.effects.map(({ object }) => object))
  return (now.userRelations ?? []).some((relation) => {
    if (!objects.has(objectName(relation))) return false
    const before = beside.relationByOid(relation.oid)
    return relation.columns.some(({ attnum, labels }) => {
      const known = before?.columns.find((one) => one.attnum === attnum)?.labels ?? []
      return labels.some((label) => !known.includes(label))
    })
  })
}

const LABELLED_MEANWHILE: Failure = {
  sqlstate: '42501',
  message: 'what this statement reads got labels while it waited, so its answer is withheld',
  hint: 'run it again',
}
