// The record for other tools: one JSON object a line, each command whole, with its facts and decision in
// place of the digests that stand for them, and each outcome a line of its own.
import type { RecordLine } from '../../engine/schemas/record.js'
import { recordLines } from './read-record.js'
import { outcomesOf } from './recorded-outcomes.js'
import { createPartsRead, factsDigest, factsOf } from './recorded-facts.js'

export type ExportFilter = {
  readonly fromMs: number
  readonly toMs: number
  readonly session: string | undefined
}

export async function* exportedLines(place: string, filter: ExportFilter): AsyncGenerator<object> {
  const parts = createPartsRead()
  for await (const { line } of recordLines(place)) {
    parts.take(line)
    if (line.kind === 'part' || line.time < filter.fromMs || line.time >= filter.toMs) continue
    const { seq, time } = line
    for (const outcome of line.kind === 'command' ? outcomesOf(line) : []) {
      if (filter.session !== undefined && outcome.session !== filter.session) continue
      yield { seq, time, kind: 'outcome', ...outcome }
    }
    if (filter.session !== undefined && sessionOf(line) !== filter.session) continue
    if (line.kind !== 'command') {
      yield line
      continue
    }
    const facts = factsOf(line, parts)
    const { outcomes: _, ...own } = line
    yield {
      ...own,
      decision: parts.of(line.decision) ?? line.decision,
      facts: facts ?? line.facts,
      ...(facts === undefined ? {} : { facts_digest: factsDigest(facts) }),
    }
  }
}

function sessionOf(line: RecordLine): string | undefined {
  return 'session' in line && typeof line.session === 'string' ? line.session : undefined
}
