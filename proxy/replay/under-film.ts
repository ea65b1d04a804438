// Follows a film under another bundle from its first command: at which command the films part, and where the
// branch ends. Goes as far as it is asked to and remembers, so that pages are cheap.
import type { Policy } from '../../engine/policy/policy.js'
import { createLabelWatch } from '../policies/backtest/changed-labels.js'
import type { Film, Shot } from './film.js'
import { endsBranch, redecided, type Redecision, type UnderPolicies } from './under.js'

export type UnderPlace = {
  // The first command that would have gone, or whose answer would have looked, otherwise.
  readonly partedAt?: number
  // The first after which nothing is certain.
  readonly endedAt?: number
  // Everything up to this command was looked at; absent: all of it.
  readonly lookedTo?: number
}

export type UnderFilm = {
  readonly at: (shot: Shot) => Promise<{ readonly redecision: Redecision; readonly after: boolean }>
  // Looks on for so long, or to the end.
  readonly place: (forMs?: number) => Promise<UnderPlace>
}

export function createUnderFilm(
  film: () => Promise<Film>,
  policies: UnderPolicies,
  now: () => number,
): UnderFilm {
  let partedAt: number | undefined
  let endedAt: number | undefined
  let lookedTo = 0
  const relabelled = createLabelWatch(policies.under.labels)
  const history = readsOfHistory(policies.under)

  const one = async (shot: Shot): Promise<Redecision> => {
    const found = await redecided(shot, policies)
    const command = shot.facts?.command
    const others =
      command === undefined || shot.bundle === policies.under.digest ? [] : relabelled(command)
    if (others.length === 0) return found
    const note = `${others.join(', ')}: this bundle labels it otherwise, so that the facts would have been others`
    const parting =
      found.parting === 'same' || found.parting === 'unheld' ? 'unknown' : found.parting
    return { ...found, parting, notes: [...found.notes, note] }
  }

  // The branch's end must be known before anything after it is shown.
  const look = async (to: number, until: number): Promise<void> => {
    if (endedAt !== undefined || lookedTo >= to) return
    for await (const shot of (await film()).shots(lookedTo + 1)) {
      const { command } = shot.entry
      if (command > to) return
      const { parting } = await one(shot)
      lookedTo = command
      if (parting !== 'same') partedAt ??= command
      if (endsBranch(parting)) {
        endedAt = command
        return
      }
      if (now() > until) return
    }
    lookedTo = to === Infinity ? lookedTo : to
  }

  return {
    async at(shot) {
      const { command } = shot.entry
      await look(command, Infinity)
      const redecision = await one(shot)
      const after = endedAt !== undefined && command > endedAt
      if (!after || history.length === 0) return { redecision, after }
      const note = `decided on recorded facts (${history.join(', ')}) that earlier commands made`
      return { redecision: { ...redecision, notes: [...redecision.notes, note] }, after }
    },
    async place(forMs = Infinity) {
      await look(Infinity, now() + forMs)
      const last = (await film()).commands.at(-1) ?? 0
      return {
        ...(partedAt === undefined ? {} : { partedAt }),
        ...(endedAt === undefined ? {} : { endedAt }),
        ...(endedAt !== undefined || lookedTo >= last ? {} : { lookedTo }),
      }
    },
  }
}

// Facts that rest on what the session did before, where the rules read them.
function readsOfHistory({ reads }: Policy): readonly string[] {
  const resting = ['session.counters', 'session.transaction', 'grants']
  if (reads === undefined) return resting
  return resting.filter((path) =>
    reads.some((read) => read.startsWith(path) || path.startsWith(`${read}.`)),
  )
}
