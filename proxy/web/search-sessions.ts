// Sessions that are in no list in memory any more, out of the index of the record: those of which the caller may
// know, newest first, a page at a time. Who and where are picked before the index looks, as for searching.
import type { Identity } from '../identity/identity.js'
import type { SearchThread } from '../search/search-thread.js'
import type { SessionEntry } from '../search/sessions-page.js'
import type { ListedSession } from '../session-list.js'

type Shown = Pick<ListedSession, 'identity' | 'target' | 'database' | 'state'>

export type OlderAsked = {
  readonly caller: Identity
  // By who and where alone, which is the same for many sessions.
  readonly isWanted: (session: Pick<Shown, 'identity' | 'target'>) => boolean
  readonly states: readonly ListedSession['state'][]
  // This session and older ones; or what a page before gave as `next`.
  readonly from: { readonly session: string } | { readonly before: string }
  readonly limit: number
  // Those that are in the list are not shown twice.
  readonly isListed: (id: string) => boolean
}

export type OlderPage = {
  readonly sessions: readonly ListedSession[]
  readonly next?: string
  // False while the index still reads: there may be more.
  readonly complete: boolean
}

export type OlderSessions = {
  readonly page: (asked: OlderAsked) => Promise<OlderPage>
  readonly find: (id: string) => Promise<ListedSession | undefined>
}

export type OlderParts = {
  readonly thread: Pick<SearchThread, 'sessions' | 'named' | 'seen' | 'status'>
  readonly sight: (caller: Identity, session: Shown) => boolean
}

const STATES = {
  live: [],
  // One that the index has not seen the end of yet: those that are live are in the list.
  ended: ['closed', 'open'],
  refused: ['refused'],
  lost: ['ended with the gateway'],
} as const

// Questions for one page: what is in the list already makes pages of the index short.
const LOOKS = 5

export function createOlderSessions({ thread, sight }: OlderParts): OlderSessions {
  return {
    async page({ caller, isWanted, states, from, limit, isListed }) {
      const seen = await thread.seen(({ identity, target: { name, database } }) => {
        const one = { identity, target: name, database, state: 'ended' } as const
        return isWanted(one) && sight(caller, one)
      })
      const asked = {
        question: '',
        seen,
        states: states.flatMap((state) => [...STATES[state]]),
        limit,
        ...('session' in from ? { upTo: from.session } : {}),
      }
      const sessions: ListedSession[] = []
      let before = 'before' in from ? from.before : undefined
      for (let looks = 0; looks < LOOKS; looks += 1) {
        const left = limit - sessions.length
        const found = await thread.sessions({ ...asked, before, limit: left })
        sessions.push(...found.sessions.filter(({ session }) => !isListed(session)).flatMap(listed))
        before = found.next
        if (before === undefined || sessions.length === limit) break
      }
      return {
        sessions,
        ...(before === undefined ? {} : { next: before }),
        complete: thread.status().behindBytes === 0,
      }
    },
    async find(id) {
      const found = (await thread.named(id)).find(({ session }) => session === id)
      return found === undefined ? undefined : listed(found)[0]
    },
  }
}

function listed(entry: SessionEntry): readonly ListedSession[] {
  const { identity, session, closedMs, state, reason } = entry
  if (identity === undefined) return []
  return [
    {
      id: session,
      identity,
      target: entry.target,
      database: entry.database,
      clientAddress: entry.clientAddress,
      application: entry.application,
      sinceMs: entry.openedMs,
      ...(closedMs === null ? {} : { endedMs: closedMs }),
      state:
        state === 'refused' ? 'refused' : state === 'ended with the gateway' ? 'lost' : 'ended',
      ...(reason === undefined ? {} : { reason }),
      commands: entry.commands,
      denials: entry.refused,
      held: entry.held,
      masked: entry.masked,
    },
  ]
}
