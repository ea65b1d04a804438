// The reader of SQL texts: a text, a catalogue and the session's names in, a reading out. Readings are
// kept, so that a text seen before costs a look-up; what cannot be read says so in its facts.
import type { Node, ParseResult } from 'libpg-query'
import type { UnreadReason } from '../../schemas/facts.js'
import type { Parse } from './analysis.js'
import type { Catalogue, NameContext } from './catalogue.js'
import { createJudge, judgementOf } from './judge.js'
import type { Judge, Judgement, RawStatement } from './judge.js'
import { READING_LIMITS } from './limits.js'
import { createReadings } from './readings.js'
import { readScript } from './script.js'
import type { Reading, Statement } from './reading.js'
import { templateOf } from './template.js'
import { tokensAbout } from './token-count.js'
import { objection } from './witness.js'

export type Reader = {
  // At once for what is short or was read before; a promise where parsing goes elsewhere.
  readonly read: (
    text: string,
    catalogue: Catalogue,
    names: NameContext,
  ) => Reading | Promise<Reading>
}

export type ReaderOptions = {
  // Parses in another thread. Rejects with what parsing threw.
  readonly parseElsewhere?: (text: string) => Promise<ParseResult>
}

export async function createReader(options: ReaderOptions = {}): Promise<Reader> {
  const judge = await createJudge()
  const readings = createReadings()
  let ids = 0
  const fresh = (text: string, catalogue: Catalogue, names: NameContext, judged: Judgement) => {
    ids += 1
    const reading = readingOf(ids, text, catalogue, names, judged, parseWith(judge))
    if (text.length > READING_LIMITS.cachedBytesMax) return reading
    readings.keep(text, catalogue, names, reading)
    if (judged.kind === 'statements' && isCertain(reading)) {
      const template = templateOf(
        text,
        judged.statements.map((one) => one.node),
      )
      if (template !== undefined) readings.keepTemplate(template, catalogue, names, reading)
    }
    return reading
  }
  return {
    read: (text, catalogue, names) => {
      const known = readings.find(text, catalogue, names)
      if (known !== undefined) return known
      const { parseElsewhere } = options
      const size = sizeOf(text, parseElsewhere !== undefined)
      if (size === 'inline') return fresh(text, catalogue, names, judge.judge(text))
      if (size === 'beyond' || parseElsewhere === undefined) {
        const detail = 'the text is too long to be read'
        return fresh(text, catalogue, names, { kind: 'over_limit', detail })
      }
      return judgedElsewhere(text, parseElsewhere).then((judged) =>
        fresh(text, catalogue, names, judged),
      )
    },
  }
}

function sizeOf(text: string, elsewhere: boolean): 'inline' | 'elsewhere' | 'beyond' {
  const { textBytesMax, inlineTokensMax, inlineTokensMost, tokensMax } = READING_LIMITS
  const inlineMax = elsewhere ? inlineTokensMax : inlineTokensMost
  if (text.length <= inlineMax) return 'inline'
  if (text.length > textBytesMax || text.includes('\0')) return 'beyond'
  const tokens = tokensAbout(text)
  return tokens <= inlineMax ? 'inline' : tokens <= tokensMax ? 'elsewhere' : 'beyond'
}

async function judgedElsewhere(
  text: string,
  parse: (text: string) => Promise<ParseResult>,
): Promise<Judgement> {
  try {
    return judgementOf(await parse(text), text)
  } catch {
    return { kind: 'over_limit', detail: 'not readable by the parser' }
  }
}

function parseWith(judge: Judge): Parse {
  return (sql) => {
    const judged = judge.judge(sql)
    return judged.kind === 'statements' ? judged.statements.map((one) => one.node) : undefined
  }
}

function isCertain(reading: Reading): boolean {
  return reading.statements.every((statement) => statement.command.unread.length === 0)
}

function readingOf(
  id: number,
  text: string,
  catalogue: Catalogue,
  names: NameContext,
  judged: Judgement,
  parse: Parse,
): Reading {
  switch (judged.kind) {
    case 'refused': {
      const { message, position } = judged
      const statement = unreadStatement(text, 'not_parsed', 'syntax error')
      return { id, statements: [statement], syntaxError: { message, position } }
    }
    case 'over_limit':
      return { id, statements: [unreadStatement(text, 'over_limit', judged.detail)] }
    case 'statements': {
      const { statements } = judged
      const doubt = objection(text, nodesOf(statements))
      const read = readScript(statements, { catalogue, names, parse })
      return { id, statements: doubt === undefined ? read : read.map((one) => doubted(one, doubt)) }
    }
  }
}

function nodesOf(statements: readonly RawStatement[]): readonly Node[] {
  return statements.map((one) => one.node)
}

function doubted(statement: Statement, detail: string): Statement {
  const { command } = statement
  const unread = [...command.unread, { reason: 'parsers_disagree' as const, detail }]
  return { ...statement, command: { ...command, unread } }
}

function unreadStatement(text: string, reason: UnreadReason, detail: string): Statement {
  return {
    command: {
      protocol: 'postgres',
      effects: [{ op: 'unknown', object: '', kind: 'statement' }],
      flows: [],
      unread: [{ reason, detail }],
      postgres: { tag: 'UNKNOWN', limited: -1, returns_rows: true },
    },
    control: { kind: 'none' },
    outputs: 'unknown',
    invalidates: { catalogue: true, names: true },
    start: 0,
    end: Buffer.byteLength(text),
  }
}
