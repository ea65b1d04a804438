// Which result fields the gateway itself must mask before they leave, given the reading of a
// statement and the masks of its decision; or why that is not possible. A statement that uses a
// protected column in a way that is not followed exactly is refused.
import type { Mask } from '../../schemas/decision.js'
import type { Flow, Sink } from '../../schemas/facts.js'
import { PATHS_LABEL } from './json-labels.js'
import { isMatched, isPattern, patternOf } from './mask-match.js'
import type { Pattern } from './mask-match.js'
import { strictest, wholly } from './mask-strictness.js'
import type { Statement } from './reading.js'
import { reservedSetting } from './reserved-settings.js'
import { isOpen } from './output-tier.js'
import { isHarmless } from './value.js'

export type { Pattern } from './mask-match.js'
// The other half of masking at the exit, asked once the target has described its result.
export { originsAgree } from './origins.js'

export type ExitMasks = {
  // Zero-based result column → mask. Empty where nothing is masked.
  readonly fields: ReadonlyMap<number, Mask>
  // Values to look for in every text that leaves (rows, copies, errors, notices).
  readonly patterns: readonly { readonly pattern: Pattern; readonly mask: Mask }[]
  // Error details of the target are withheld: they may quote protected values.
  readonly quietErrors: boolean
  // The target reads another text than the client wrote: places in it mean nothing to the client.
  readonly otherText?: true
  // Something else than a copy of a protected column is masked whole. That hides more than the answer on
  // masked values would, and differs from it.
  readonly computed?: true
}

export const NO_MASKS: ExitMasks = { fields: new Map(), patterns: [], quietErrors: false }

export type Exit =
  { readonly masks: ExitMasks } | { readonly refused: string; readonly hint: string }

type Protected = { readonly flow: Flow; readonly mask: Mask }

export function exitMasksOf(statement: Statement, masks: readonly Mask[]): Exit {
  if (masks.length === 0) return reservedSetting(statement) ?? { masks: NO_MASKS }
  const columns = masks.filter((mask) => !isPattern(mask))
  const found = statement.command.flows.flatMap((flow) => protectedBy(flow, columns))
  const refusal =
    (columns.length > 0 ? notFollowed(statement, columns) : undefined) ??
    notMaskable(found.filter((one) => !isOpen(one))) ??
    reservedSetting(statement)
  if (refusal !== undefined) return refusal
  const own = fieldsOf(found, statement)
  // What a cursor or a prepared statement will hand out counts already when it is made.
  const { control } = statement
  const shown =
    control.kind === 'declare' || control.kind === 'prepare' ? control.statement : statement
  const { computed } = shown === statement ? own : fieldsOf(found, shown)
  return {
    masks: {
      fields: own.fields,
      ...(computed ? { computed: true } : {}),
      patterns: masks.flatMap((mask) => {
        const pattern = patternOf(mask)
        return pattern === undefined ? [] : [{ pattern, mask }]
      }),
      quietErrors: found.length > 0 || touches(statement, columns) || doesMore(statement),
    },
  }
}

// The strictest of the masks that match is the one that counts. Whether a value is NULL, and how many
// are not, is no secret: masks keep NULL as NULL.
function protectedBy(flow: Flow, masks: readonly Mask[]): readonly Protected[] {
  // Whether there are most common values at all depends on the values.
  if (isHarmless(flow.through) && !flow.labels.includes('system:statistics')) return []
  const matching = masks.filter((mask) => isMatched(mask, flow.from, flow.labels))
  const mask = strictest(matching)
  return mask === undefined ? [] : [{ flow, mask }]
}

// What the reading cannot tell might hold a protected value.
function notFollowed(statement: Statement, masks: readonly Mask[]): Exit | undefined {
  const { command, outputs } = statement
  const [unread] = command.unread
  if (unread !== undefined) {
    return refused(
      `this statement cannot be followed with certainty: ${unread.detail}`,
      'Masked columns are in force. Write the statement with plain names and one query at a time.',
    )
  }
  if (outputs === 'unknown') {
    return refused(
      'the columns of this result are not known before it runs',
      'Masked columns are in force. Name the columns in a SELECT.',
    )
  }
  const opaque = command.effects.find(
    (effect) => effect.op === 'unknown' || (effect.op === 'call' && effect.detail === 'opaque'),
  )
  if (opaque !== undefined) {
    return refused(
      `${opaque.object === '' ? 'this statement' : opaque.object} does what cannot be seen from here`,
      'Masked columns are in force. Use plain SQL in place of the function or block.',
    )
  }
  return unfollowedColumn(statement, masks)
}

// Flows exist for labelled columns only, so that a mask of an unlabelled one has none to follow.
function unfollowedColumn(statement: Statement, masks: readonly Mask[]): Exit | undefined {
  for (const effect of statement.command.effects) {
    for (const column of effect.columns ?? []) {
      const name = `${effect.object}.${column}`
      const labels = effect.labels ?? []
      const masked = masks.some((mask) => mask.match === `column:${name}`)
      if (masked && labels.length === 0) {
        return refused(`${shortName(name)} is masked but has no label`, 'Give the column a label.')
      }
    }
  }
  return undefined
}

function notMaskable(found: readonly Protected[]): Exit | undefined {
  for (const sink of REFUSED) {
    const one = found.find(({ flow }) => flow.to === sink)
    if (one === undefined) continue
    const name = shortName(one.flow.from)
    const { use, hint } = wordsOf(sink, one.flow)
    return refused(`${name} is ${use}`, hint)
  }
  const adrift = found.find(({ flow }) => flow.to === 'output' && flow.output === undefined)
  return adrift === undefined
    ? undefined
    : refused(`${shortName(adrift.flow.from)} leaves in an unknown place`, 'Name the columns.')
}

// In the order in which they tell most about what is wrong.
const REFUSED: readonly Exclude<Sink, 'output'>[] = [
  'copy',
  'write',
  'join',
  'predicate',
  'group',
  'order',
  'aggregate',
  'argument',
  'notice',
]

function wordsOf(
  sink: Exclude<Sink, 'output'>,
  flow: Flow,
): { readonly use: string; readonly hint: string } {
  switch (sink) {
    case 'copy':
      return {
        use: 'copied out',
        hint: 'Masked columns cannot leave by COPY. Use SELECT, or leave the column out.',
      }
    case 'write':
      return {
        use: 'written to another place',
        hint: 'Masked columns can be selected, not stored elsewhere. Leave the column out.',
      }
    case 'join':
      return {
        use: 'used to join',
        hint: 'Masked columns can be selected, not compared. Join on another column.',
      }
    case 'predicate':
      return flow.through.includes('unique')
        ? {
            use: 'written where it must be unique or pass a check',
            hint: 'Whether the write succeeds would tell about the other values.',
          }
        : {
            use: 'used in WHERE or another comparison',
            hint: 'Masked columns can be selected, not compared. Filter on another column.',
          }
    case 'group':
      return {
        use: 'used in GROUP BY, DISTINCT or a set operation',
        hint: 'Masked columns can be selected, not compared. Group by another column.',
      }
    case 'order':
      return {
        use: 'used in ORDER BY',
        hint: 'Masked columns can be selected, not compared. Order by another column.',
      }
    case 'aggregate':
      return {
        use: `given to ${stepName(flow, 'an aggregate')}`,
        hint: 'Masked columns can be selected and counted with count(), not summarised.',
      }
    case 'argument':
      return {
        use: `given to ${stepName(flow, 'a function')}`,
        hint: 'Its result or its errors may depend on the value. Select the column itself.',
      }
    case 'notice':
      return { use: 'put into a notice', hint: 'Select the column instead.' }
  }
}

// `function:f`, `cast:int4`, `operator:->` …
function stepName(flow: Flow, otherwise: string): string {
  const [kind, name] = (flow.through.at(-1) ?? '').split(/:(.*)/s)
  if (name === undefined) return kind === undefined || kind === '' ? otherwise : kind
  return kind === 'cast' ? `a cast to ${name}` : name
}

function fieldsOf(
  found: readonly Protected[],
  statement: Statement,
): { readonly fields: ReadonlyMap<number, Mask>; readonly computed: boolean } {
  const byOutput = new Map<number, Protected[]>()
  for (const one of found) {
    const { output } = one.flow
    if (output !== undefined) byOutput.set(output, [...(byOutput.get(output) ?? []), one])
  }
  const fields = new Map<number, Mask>()
  let computed = false
  for (const [output, several] of [...byOutput].sort(([left], [right]) => left - right)) {
    const mask = strictest(several.map((one) => one.mask))
    const column = typeof statement.outputs === 'object' ? statement.outputs[output] : undefined
    const copy = column?.copy === true && several.every(({ flow }) => flow.through.length === 0)
    // Of a document the target masks paths alone; here it would be masked whole.
    const inParts = several.some(({ flow }) => flow.labels.includes(PATHS_LABEL))
    if (!copy || inParts) computed = true
    if (mask !== undefined) fields.set(output, copy ? mask : wholly(mask))
  }
  return { fields, computed }
}

function touches(statement: Statement, masks: readonly Mask[]): boolean {
  return statement.command.effects.some((effect) =>
    masks.some(
      (mask) =>
        isMatched(mask, '', effect.labels ?? []) ||
        (effect.columns ?? []).some((column) => isMatched(mask, `${effect.object}.${column}`, [])),
    ),
  )
}

// Triggers, constraints and functions may put any row's values into an error.
function doesMore(statement: Statement): boolean {
  return statement.command.effects.some(({ op }) => op !== 'read' && op !== 'transaction')
}

function refused(reason: string, hint: string): Exit {
  return { refused: reason, hint }
}

// customers.ssn of public.customers.ssn.
function shortName(name: string): string {
  return name.startsWith('public.') ? name.slice('public.'.length) : name
}
