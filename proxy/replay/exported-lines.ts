// Lines as `audit export` writes them: a command with its facts and decision in place of the digests that
// stand for them. Such a file may come from anybody, so each line is held against the schemas.
import { Ajv, type ValidateFunction } from 'ajv'
import { decisionSchema, type Decision } from '../../engine/schemas/decision.js'
import { factsSchema, type Facts } from '../../engine/schemas/facts.js'
import type { RecordLine } from '../../engine/schemas/record.js'
import { readLine } from '../recording/segment-lines.js'
import type { CommandLine } from '../recording/recorded-facts.js'

// Compiled at first use: most commands read no such lines.
let validators: readonly [ValidateFunction<Facts>, ValidateFunction<Decision>] | undefined

export function isFacts(value: unknown): value is Facts {
  return compiled()[0](value)
}

export function isDecision(value: unknown): value is Decision {
  return compiled()[1](value)
}

function compiled(): readonly [ValidateFunction<Facts>, ValidateFunction<Decision>] {
  if (validators !== undefined) return validators
  const ajv = new Ajv({ strict: false })
  return (validators = [ajv.compile<Facts>(factsSchema), ajv.compile<Decision>(decisionSchema)])
}

export type ExportedCommand = {
  readonly line: CommandLine
  readonly facts?: Facts
  readonly decision?: Decision
}

// As a record's own line, whose digests stand for nothing; undefined where it is no exported command.
export function readCommandHead(bytes: Buffer): RecordLine | undefined {
  return exportedCommand(bytes)?.line
}

export function exportedCommand(bytes: Buffer): ExportedCommand | undefined {
  const value = objectIn(bytes)
  if (value === undefined || Reflect.get(value, 'kind') !== 'command') return undefined
  const { facts, decision, facts_digest: _, ...rest } = value as Record<string, unknown>
  const stand = { base: '', command: '', overrides: {} }
  const { line } = readLine(
    Buffer.from(JSON.stringify({ ...rest, facts: stand, decision: '' }), 'utf8'),
  )
  if (line?.kind !== 'command') return undefined
  return {
    line,
    ...(isFacts(facts) ? { facts } : {}),
    ...(isDecision(decision) ? { decision } : {}),
  }
}

// An outcome that rode on a command's line is a line of its own there, without a hash.
export function readExportedOutcome(bytes: Buffer): RecordLine | undefined {
  const value = objectIn(bytes)
  if (value === undefined || Reflect.get(value, 'kind') !== 'outcome') return undefined
  return readLine(Buffer.from(JSON.stringify({ prev: '', ...value }), 'utf8')).line
}

function objectIn(bytes: Buffer): object | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
