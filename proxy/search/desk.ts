// An index with what it is made of, and everything that can be asked of it: what the gateway's thread and the
// command line both use. Makes the index anew where it does not fit the record, and says why.
import { GatewayError } from '../errors.js'
import type { GroupedAnswer, Grouping, SearchPage } from './answers.js'
import { groupedAnswer } from './grouped.js'
import { createLineReader } from './hit-lines.js'
import { isDamage, openIndex, removeIndex, type IndexFile } from './index-file.js'
import { createIndexing, positionOf, type Batch, type Indexing } from './indexing.js'
import { parseQuery, problemText, type Query } from './query.js'
import type { Source } from './record-source.js'
import { ruleHits, type ActiveRule, type RuleHits } from './rule-hits.js'
import { searchPage } from './search.js'
import { sessionsNamed, sessionsPage } from './sessions-page.js'
import type { SessionEntry, SessionsPage } from './sessions-page.js'
import { idsOf, whosSince, type Seen, type Whos } from './seen.js'

export type Desk = {
  // Catches up by one batch; `false` of `more` is the end of what there is.
  readonly step: () => Batch
  readonly search: (asked: SearchAsked) => SearchPage
  readonly grouped: (asked: SearchAsked & { readonly by: Grouping }) => GroupedAnswer
  readonly sessions: (asked: SessionsQuestion) => SessionsPage
  readonly named: (beginning: string) => readonly SessionEntry[]
  readonly rules: (active: readonly ActiveRule[] | undefined) => readonly RuleHits[]
  // Who is in the index, from a number on: whoever may see only some picks from these.
  readonly whos: (after: number) => Whos
  // Digest of the bundle that was activated last, as the record says.
  readonly bundle: () => string | undefined
  readonly status: () => DeskStatus
  readonly rebuild: () => void
  readonly close: () => void
}

export type SearchAsked = {
  readonly question: string
  readonly seen?: Seen | undefined
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}

export type SessionsQuestion = {
  readonly question: string
  readonly states?: readonly SessionEntry['state'][]
  readonly seen?: Seen | undefined
  readonly before?: string | undefined
  readonly upTo?: string | undefined
  readonly limit?: number | undefined
}

export type DeskStatus = {
  // Lines in the index; the next has this number.
  readonly lines: number
  readonly behindBytes: number
  readonly bytes: number
}

export type DeskOptions = {
  // Of the segments, or of the export.
  readonly directory: string
  // Of the index; `:memory:` for this process alone.
  readonly file: string
  readonly source: () => Source
  // Milliseconds since the epoch, and from an arbitrary start.
  readonly now: () => number
  readonly elapsed: () => number
  readonly onRebuild?: (why: string) => void
}

export function openDesk(options: DeskOptions): Desk {
  const { directory, file, now, elapsed, onRebuild = () => undefined } = options
  let index = openIndex(file)
  let indexing = createIndexing(index, options.source(), elapsed)

  const again = (): void => {
    index.close()
    removeIndex(file)
    index = openIndex(file)
    indexing = createIndexing(index, options.source(), elapsed)
  }
  const queryOf = (question: string): Query => {
    const { query, problem } = parseQuery(question, now())
    if (query !== undefined) return query
    throw new GatewayError('usage', problemText(problem))
  }
  const asking = ({ question, seen }: SearchAsked) => {
    const query = queryOf(question)
    return {
      index,
      query,
      seen: idsOf(index, seen),
      behindBytes: indexing.behindBytes(),
      now: elapsed,
    }
  }
  const step = (): Batch => {
    // Somebody made the file anew, or took it away.
    if (!index.isCurrent()) {
      index.close()
      index = openIndex(file)
      indexing = createIndexing(index, options.source(), elapsed)
    }
    const why = indexing.whyNot()
    if (why !== undefined) {
      onRebuild(why)
      again()
    }
    return indexing.batch()
  }
  const search = (asked: SearchAsked): SearchPage => {
    const lines = createLineReader(directory)
    try {
      const { limit, cursor } = asked
      return searchPage({ ...asking(asked), lines, limit, cursor })
    } finally {
      lines.close()
    }
  }
  // A file that turns out to be damaged is made anew, and the answer is of what is in it by then.
  const mended = <Value>(work: () => Value): Value => {
    try {
      return work()
    } catch (problem) {
      if (!isDamage(problem)) throw problem
      onRebuild('the index is damaged')
      again()
      return work()
    }
  }
  return {
    step: () => mended(step),
    search: (asked) => mended(() => search(asked)),
    grouped: (asked) => mended(() => groupedAnswer(asking(asked), asked.by)),
    sessions: ({ question, seen, ...asked }) =>
      mended(() =>
        sessionsPage(index, { ...asked, query: queryOf(question), seen: idsOf(index, seen) }),
      ),
    named: (beginning) => sessionsNamed(index, beginning),
    rules: (active) => ruleHits(index, active),
    whos: (after) => whosSince(index, after),
    bundle: () => {
      const found = index.meta('bundle')
      return typeof found === 'string' ? found : undefined
    },
    status: () => statusOf(index, indexing),
    rebuild: again,
    close: () => index.close(),
  }
}

function statusOf(index: IndexFile, indexing: Indexing): DeskStatus {
  return {
    lines: positionOf(index)?.seq ?? 0,
    behindBytes: indexing.behindBytes(),
    bytes: index.bytes(),
  }
}

// Until everything that is there now is in the index; `progress` is told now and then.
export function caughtUp(
  desk: Desk,
  progress: (status: DeskStatus) => void = () => undefined,
): void {
  for (let batches = 1; ; batches += 1) {
    const { more } = desk.step()
    if (!more) return
    if (batches % 50 === 0) progress(desk.status())
  }
}
