// A film as it is shown: commands joined with what the client saw, and, where it is asked for, with what
// another bundle would have decided. What cannot be read of a recording is said where it is missing, and
// the film goes on from the record.
import { GatewayError } from '../errors.js'
import type { Film, FilmEntry, FilmSession, Frame, Shot } from './film.js'
import { createFrameFeed, SHOWN, type FeedBounds, type FrameFeed } from './frame-feed.js'
import type { Recordings } from '../recordings/film.js'
import { masksMarked } from './marked-masks.js'
import { framesUnder } from './masked-frames.js'
import type { UnderFilm } from './under-film.js'
import { underEntry } from './under.js'

export type ScreeningParts = {
  readonly film: Film
  readonly recordings?: Recordings
  readonly under?: UnderFilm
  readonly bounds?: FeedBounds
}

export type Screened = { readonly entry: FilmEntry; readonly shot: Shot }

export type Screening = {
  readonly session: () => Promise<FilmSession>
  // From this command on.
  readonly entries: (from: number) => AsyncGenerator<Screened>
}

export function createScreening({ film, recordings, under, bounds }: ScreeningParts): Screening {
  return {
    async session() {
      const note = await recordingNote(recordings, film.session)
      if (note === undefined) return film.session
      return { ...film.session, notes: [...film.session.notes, note] }
    },
    async *entries(from) {
      const feed = recordings === undefined ? NONE : safeFeed(recordings, film.session.id, bounds)
      try {
        for await (const shot of film.shots(from)) {
          const frames = await feed.of(shot.entry.command)
          const found = under === undefined ? undefined : await under.at(shot)
          if (found === undefined) {
            const { facts, decision } = shot
            yield { shot, entry: { ...shot.entry, frames: masksMarked(frames, facts, decision) } }
            continue
          }
          const seen = framesUnder(frames, shot.facts, shot.decision, found.redecision)
          const marked = masksMarked(seen, shot.facts, found.redecision.decision)
          const entry = { ...shot.entry, frames: marked }
          yield { shot, entry: { ...entry, under: underEntry(found.redecision, found.after) } }
        }
      } finally {
        await feed.close()
      }
    },
  }
}

const NONE: FrameFeed = { of: () => Promise.resolve([]), close: () => Promise.resolve() }

// After the first failure there are no more frames; the command at which it came says why.
function safeFeed(recordings: Recordings, session: string, bounds = SHOWN): FrameFeed {
  const feed = createFrameFeed(recordings.read(session), bounds)
  let failed = false
  return {
    async of(command) {
      if (failed) return []
      try {
        return await feed.of(command)
      } catch (problem) {
        if (!(problem instanceof GatewayError)) throw problem
        failed = true
        if (problem.code === 'not_found') return []
        const cut: Frame = { at: 0, kind: 'cut', command, why: problem.message }
        return [cut]
      }
    },
    close: () => feed.close(),
  }
}

async function recordingNote(
  recordings: Recordings | undefined,
  { id }: FilmSession,
): Promise<string | undefined> {
  const none = 'there is no recording of what the client saw: this is from the record alone'
  if (recordings === undefined) return none
  try {
    const found = await recordings.film(id)
    if (found === undefined) return none
    return found.state === 'cut_short'
      ? 'the recording of what the client saw is cut short'
      : undefined
  } catch (problem) {
    if (!(problem instanceof GatewayError)) throw problem
    return problem.code === 'not_found' ? none : problem.message
  }
}
