// What this session has on the target under a name: prepared statements, and portals with cursors, which
// share one namespace. A change stands only once the target has confirmed it; until then it is pending.
// Within the same run of messages up to a Sync a pending change may be relied on (if it fails, the target
// skips what follows); beyond that the caller must wait until it is settled.
import type { Catalogue, NameContext } from '../../../engine/facts/postgres/catalogue.js'
import type { Statement } from '../../../engine/facts/postgres/reading.js'
import type { Rewritten } from '../../guard.js'
import type { ResultColumn } from './row-description.js'
import type { Running } from './running.js'

export type Prepared = {
  // The text that was read: of a Parse, or a whole SQL PREPARE.
  readonly text: string
  readonly wrapped: boolean
  // Made anew where names may resolve differently since; the target resolves them again, too.
  reading: number
  // undefined: an empty query.
  statement: Statement | undefined
  catalogue: Catalogue
  names: NameContext
  // What the target has in place of the text, so that it computes on masked values; `void` once what is
  // there would no longer be what is sent.
  sent?: Rewritten | 'void' | undefined
  // Types of its parameters as Parse gave them.
  readonly types?: readonly number[]
  // Its RowDescription as the client was told it, where the session is recorded.
  description?: Buffer
}

export type Portal = {
  readonly statement: Statement | undefined
  readonly reading: number
  // Made by DECLARE, and so reached by FETCH; else by Bind, and reached by Execute.
  readonly cursor: boolean
  readonly hold: boolean
  readonly policy: number
  readonly stamp: number
  readonly catalogue: Catalogue
  readonly prepared: Prepared | undefined
  // What an EXECUTE or FETCH within the statement was resolved to.
  readonly resolvedTo: Prepared | Portal | undefined
  // Result formats as Bind asked for them: none, one for all, or one for each column.
  readonly formats: readonly number[]
  running: Running | undefined
  columns: readonly ResultColumn[] | undefined
  describing: boolean
  executed: boolean
  // The run of messages in which it was made.
  readonly segment: number
  mark: number
}

export type Change =
  | { readonly kind: 'statement'; readonly name: string; readonly to: Prepared | undefined }
  | { readonly kind: 'portal'; readonly name: string; readonly to: Portal | undefined }
  | { readonly kind: 'statements_cleared' }
  | { readonly kind: 'portals_cleared' }
  | { readonly kind: 'savepoint' | 'rollback_to' | 'release'; readonly name: string }

type Pending = { readonly change: Change; readonly segment: number }

export type Memory = {
  readonly statement: (name: string, segment: number) => Prepared | undefined | 'wait'
  readonly portal: (name: string, segment: number) => Portal | undefined | 'wait'
  // Sent to the target, not confirmed.
  readonly expect: (changes: readonly Change[], segment: number) => void
  // The oldest pending changes were confirmed, or did not happen.
  readonly confirm: (changes: readonly Change[]) => void
  readonly drop: (changes: readonly Change[]) => void
  // The transaction is over: what does not outlive it is gone.
  readonly endTransaction: () => void
  readonly size: () => number
  // Portals that were bound and have not come to an end, for their outcomes.
  readonly openPortals: () => Iterable<Portal>
}

export function createMemory(onGone: (portal: Portal) => void): Memory {
  const statements = new Map<string, Prepared>()
  const portals = new Map<string, Portal>()
  let savepoints: { readonly name: string; readonly mark: number }[] = []
  let pending: Pending[] = []
  let mark = 0

  const forget = (name: string): void => {
    const gone = portals.get(name)
    if (gone === undefined) return
    portals.delete(name)
    onGone(gone)
  }
  const clearPortals = (keep: (portal: Portal) => boolean): void => {
    for (const [name, portal] of portals) if (!keep(portal)) forget(name)
  }
  const since = (name: string): number => savepoints.findLastIndex((each) => each.name === name)

  const apply = (change: Change): void => {
    switch (change.kind) {
      case 'statement':
        if (change.to === undefined) statements.delete(change.name)
        else statements.set(change.name, change.to)
        return
      case 'portal':
        forget(change.name)
        if (change.to === undefined) return
        change.to.mark = ++mark
        portals.set(change.name, change.to)
        return
      case 'statements_cleared':
        statements.clear()
        return
      case 'portals_cleared':
        clearPortals(() => false)
        return
      case 'savepoint':
        savepoints.push({ name: change.name, mark })
        return
      case 'rollback_to': {
        const at = since(change.name)
        const from = savepoints[at]?.mark ?? 0
        savepoints = savepoints.slice(0, at + 1)
        clearPortals((portal) => portal.mark <= from)
        return
      }
      case 'release': {
        const at = since(change.name)
        if (at >= 0) savepoints = savepoints.slice(0, at)
        return
      }
    }
  }

  const remove = (changes: readonly Change[]): void => {
    for (const change of changes) {
      const at = pending.findIndex((each) => each.change === change)
      if (at === 0) pending.shift()
      else if (at > 0) pending.splice(at, 1)
    }
  }

  return {
    statement(name, segment) {
      for (let i = pending.length - 1; i >= 0; i--) {
        const one = pending[i]
        if (one === undefined) continue
        const { change } = one
        if (change.kind === 'statement' && change.name === name) {
          return one.segment === segment ? change.to : 'wait'
        }
        if (change.kind === 'statements_cleared')
          return one.segment === segment ? undefined : 'wait'
      }
      return statements.get(name)
    },
    portal(name, segment) {
      for (let i = pending.length - 1; i >= 0; i--) {
        const one = pending[i]
        if (one === undefined) continue
        const { change } = one
        if (change.kind === 'portal' && change.name === name) {
          return one.segment === segment ? change.to : 'wait'
        }
        if (change.kind === 'rollback_to') return 'wait'
        if (change.kind === 'portals_cleared') return one.segment === segment ? undefined : 'wait'
      }
      return portals.get(name)
    },
    expect(changes, segment) {
      for (const change of changes) pending.push({ change, segment })
    },
    confirm(changes) {
      remove(changes)
      for (const change of changes) apply(change)
    },
    drop(changes) {
      remove(changes)
      for (const change of changes) {
        if (change.kind === 'portal' && change.to !== undefined) onGone(change.to)
      }
    },
    endTransaction() {
      savepoints = []
      if (portals.size > 0) clearPortals((portal) => portal.hold)
      pending = pending.filter(({ change }) => change.kind !== 'rollback_to')
    },
    size: () => statements.size + portals.size + pending.length,
    openPortals: () => portals.values(),
  }
}
