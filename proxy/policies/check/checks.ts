// All checks that look at the sources, in the order in which they are run. A check is a file and a line here.
import { INVARIANT_RULES } from '../invariants/invariant-findings.js'
import type { Check } from './check.js'
import { closedWords } from './closed-words.js'
import { compiles } from './compiles.js'
import { composition } from './composition.js'
import { dataShape } from './data-shape.js'
import { decisionShape } from './decision-shape.js'
import { entrypoints } from './entrypoints.js'
import { EVALUATION_RULES } from './evaluation.js'
import { format } from './format.js'
import { idHistory } from './id-history.js'
import { inputSchema } from './input-schema.js'
import { knownNames } from './known-names.js'
import { metadata } from './metadata.js'
import { neverFires } from './never-fires.js'
import { operations } from './operations.js'
import { ruleIds } from './rule-ids.js'
import { traps } from './traps.js'

export const CHECKS: readonly Check[] = [
  format,
  compiles,
  inputSchema,
  metadata,
  ruleIds,
  idHistory,
  operations,
  closedWords,
  knownNames,
  dataShape,
  decisionShape,
  neverFires,
  entrypoints,
  traps,
]

// Those that evaluate: only where all others found nothing wrong.
export const EVALUATING: readonly Check[] = [composition]

// What every rule that a check reports is about.
export const CHECK_RULES: Readonly<Record<string, string>> = Object.assign(
  { 'broken-data': 'a file of data cannot be read' },
  EVALUATION_RULES,
  INVARIANT_RULES,
  ...[...CHECKS, ...EVALUATING].map(({ rules }) => rules),
)
