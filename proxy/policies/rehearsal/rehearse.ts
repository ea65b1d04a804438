// What the gateway would do with a text of SQL, without a gateway and without a target: read, judged and
// masked by the same code, statement by statement. Nothing runs and nothing is recorded.
import type { Catalogue, NameContext } from '../../../engine/facts/postgres/catalogue.js'
import { exitMasksOf } from '../../../engine/facts/postgres/exit-masks.js'
import type { ExitMasks } from '../../../engine/facts/postgres/exit-masks.js'
import { createReader, type Reader } from '../../../engine/facts/postgres/read.js'
import type { Reading, Statement } from '../../../engine/facts/postgres/reading.js'
import { filteredBy, splicedUnderFilters } from '../../../engine/facts/postgres/splice-filtered.js'
import { spliced, type SpliceParts, type Spliced } from '../../../engine/facts/postgres/splice.js'
import type { Entrypoint, Policy } from '../../../engine/policy/policy.js'
import type { Action, Decision } from '../../../engine/schemas/decision.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import type { Decided } from '../../decision-cache.js'
import type { CommandToJudge, Refusal, Rewriting, Trial } from '../../guard.js'
import { commandDigest, createJudge } from '../../guard-judgement.js'
import { refusalOf } from '../../guard-refusal.js'
import { maskedAtSource } from '../../guard-rewrite.js'
import type { RowWords } from '../../guard-rows.js'
import { overCap } from '../../guard-row-cap.js'
import type { Session } from '../../session.js'
import type { Situation } from './situation.js'

// One statement of the text, as the client would meet it.
export type Rehearsed = {
  // The statement's own part of the text.
  readonly text: string
  readonly statement: Statement
  readonly facts: Facts
  readonly decision: Decision
  // What the client meets: the decision's action, or `deny` where protected values could not be masked.
  readonly action: Action
  readonly refusal: Refusal | undefined
  readonly masks: ExitMasks | undefined
  // It has to do with a relation whose rows are filtered.
  readonly filtered: boolean
  // Goes to the target in place of the text, so that it computes on masked values.
  readonly rewritten: string | undefined
  // Why it was not put into other words, where that was tried.
  readonly leftAlone: string | undefined
}

export type Rehearsal = {
  readonly statements: readonly Rehearsed[]
  readonly syntaxError: Reading['syntaxError']
  // The most severe of the statements' actions: it stands for the whole text.
  readonly action: Action
}

export type RehearsalOptions = {
  readonly entrypoint?: Entrypoint
  readonly message?: 'simple' | 'extended'
  // Where names are looked for; as in a new session unless given.
  readonly names?: NameContext
}

export type Rehearsing = {
  // `catalogue` carries the labels already (see `withLabels`).
  readonly run: (
    sql: string,
    catalogue: Catalogue,
    situation: Situation,
    policy: Policy,
    options?: RehearsalOptions,
  ) => Promise<Rehearsal>
}

// What `current_schemas(true)` answers in a new session; the account's name is the gateway's own affair.
const NAMES: NameContext = { searchPath: ['pg_catalog', 'public'], role: 'sallyport' }

const SEVERITY: Readonly<Record<Action, number>> = {
  allow: 0,
  'mask-fields': 1,
  'require-approval': 2,
  deny: 3,
}

export async function createRehearsing(): Promise<Rehearsing> {
  const reader = await createReader()
  return {
    run: async (sql, catalogue, situation, policy, options = {}) => {
      const { entrypoint = 'decision', message = 'simple', names = NAMES } = options
      const reading = await reader.read(sql, catalogue, names)
      const { statements: all } = reading
      let leftAlone: string | undefined
      const commands = all.map((statement, at): CommandToJudge => {
        const command = {
          statement,
          reading: reading.id,
          text: sql,
          binds: undefined,
          message,
          position: at + 1,
          of: all.length,
        }
        const rewriting: Rewriting = (text, masks) => {
          const made = splicedText(
            text,
            catalogue,
            names,
            { masks, keyed: situation.keyed === true },
            reader,
          )
          if ('refused' in made) leftAlone = made.refused
          return made
        }
        const rows: RowWords = {
          reached: (one, filters) => filteredBy(one, filters, catalogue),
          spliced: (text, one, filters, masks, answer) => {
            const read = readingIn(catalogue, names, reader)
            const asked = { statement: one, filters, masks, ...answer }
            const made = splicedUnderFilters(text, { ...asked, catalogue, names, read })
            if ('refused' in made) leftAlone = made.refused
            return made
          },
        }
        return { ...command, spliced: rewriting, rows }
      })
      const found = judged(commands, sql, situation, policy, entrypoint)
      const statements = found.map((one): Rehearsed => ({ ...one, leftAlone }))
      const action = statements.reduce<Action>(
        (worst, one) => (SEVERITY[one.action] > SEVERITY[worst] ? one.action : worst),
        'allow',
      )
      return { statements, syntaxError: reading.syntaxError, action }
    },
  }
}

function judged(
  commands: readonly CommandToJudge[],
  sql: string,
  situation: Situation,
  policy: Policy,
  entrypoint: Entrypoint,
): readonly Omit<Rehearsed, 'leftAlone'>[] {
  const { atMs, grants } = situation
  const judge = createJudge({
    clock: { now: () => atMs, monotonicUs: () => 0 },
    approvals: { grantsOf: () => grants },
    exitMasksOf,
  })
  const session = sessionOf(situation)
  const digest = commandDigest(sql, undefined)
  const trial: Trial = { ...NO_CLIENT, session, commands, first: 1, digest, settled: false }
  for (let i = 0; i < situation.counters.commands_last_minute; i++) judge.counted(session, 1, atMs)
  session.counters.commands = situation.counters.commands
  const judgement = judge.judged(trial, policy, atMs, [], entrypoint)
  const base = judgement.base.facts
  // Nothing of a message runs whose rows cannot be held to their number.
  const uncapped = overCap(trial, judgement)
  const rewritten = maskedAtSource(trial, judgement) ?? judgement
  const bytes = Buffer.from(sql)
  return rewritten.decided.map((decided, at) => {
    const statement = commands[at]?.statement
    if (statement === undefined) throw new Error('a statement has no command')
    const refusal = refusalOf(decided) ?? uncapped
    return {
      text: bytes.subarray(statement.start, statement.end).toString().trim(),
      statement,
      facts: { ...base, command: { ...decided.facts, digest } },
      decision: decided.decision,
      action: refusal === undefined ? decided.decision.action : 'deny',
      refusal,
      masks: masksOf(decided),
      filtered: (decided.unfiltered ?? decided.rewritten?.filters) !== undefined,
      rewritten: decided.rewritten?.text,
    }
  })
}

function masksOf({ exit }: Decided): ExitMasks | undefined {
  return 'masks' in exit ? exit.masks : undefined
}

const NO_CLIENT = {
  waiting: { notice: () => undefined, signal: new AbortController().signal },
  answered: () => undefined,
}

function sessionOf(situation: Situation): Session {
  const { identity, target, zone, counters } = situation
  return {
    id: 'rehearsal',
    identity: {
      key: JSON.stringify([identity.issuer, identity.subject]),
      facts: identity,
      issuedAtMs: situation.atMs,
      expiresAtMs: Infinity,
      standing: () => ({ valid: true }),
    },
    target,
    zone,
    clientAddress: situation.clientAddress,
    purpose: situation.purpose,
    application: situation.application,
    transaction: situation.transaction,
    counters: {
      commands: counters.commands,
      rows: counters.rows,
      labelledRows: counters.labelled_rows,
      denials: counters.denials,
    },
    commands: 0,
  }
}

function splicedText(
  text: string,
  catalogue: Catalogue,
  names: NameContext,
  masking: Pick<SpliceParts, 'masks' | 'keyed'>,
  reader: Reader,
): Spliced {
  return spliced(text, { catalogue, names, ...masking, read: readingIn(catalogue, names, reader) })
}

function readingIn(catalogue: Catalogue, names: NameContext, reader: Reader) {
  return (rewritten: string): Reading => {
    const reading = reader.read(rewritten, catalogue, names)
    if (reading instanceof Promise) throw new Error('the rewritten text is too long')
    return reading
  }
}
