// SET, RESET, SHOW and the statements that change who the session acts for. A setting is judged by the
// table in `../settings.ts`; what the session's state becomes is told to the relay by `control`.
import type { Node, VariableSetStmt, VariableShowStmt } from 'libpg-query'
import type { Effect } from '../../../schemas/facts.js'
import type { Analysis } from '../analysis.js'
import type { Control } from '../reading.js'
import { settingClass, settingValueClass } from '../settings.js'
import { constantText, optionsOf } from '../tree.js'
import type { Context, Outcome, Readers } from './outcome.js'

export const SETTING_READERS = {
  VariableSetStmt: variableSet,
  VariableShowStmt: variableShow,
  ConstraintsSetStmt: (_, { analysis }) => {
    analysis.effect({ op: 'set', object: 'constraints', kind: 'setting', detail: 'harmless' })
    return { tag: 'SET CONSTRAINTS' }
  },
} satisfies Readers

export function settingEffect(name: string, value: string | undefined): Effect {
  return {
    op: 'set',
    object: name.toLowerCase(),
    kind: 'setting',
    detail: settingValueClass(name, value),
  }
}

// Settings that decide what names mean or whose rights apply.
const NAME_SETTINGS = new Set(['search_path', 'role', 'session_authorization'])

function variableSet(body: VariableSetStmt, { analysis }: Context): Outcome {
  const tag = body.kind === 'VAR_RESET' || body.kind === 'VAR_RESET_ALL' ? 'RESET' : 'SET'
  if (body.kind === 'VAR_RESET_ALL') {
    analysis.effect({ op: 'set', object: 'all', kind: 'setting', detail: 'harmless' })
    analysis.invalidate('names')
    return { tag, control: setControl(undefined, undefined, false) }
  }
  if (body.kind === 'VAR_SET_MULTI') return { tag, control: setMulti(body, analysis) }
  const name = (body.name ?? '').toLowerCase()
  const value = body.kind === 'VAR_SET_VALUE' ? valueOf(body.args) : undefined
  // SET x TO DEFAULT and RESET give the value that the session was opened with; SET x FROM CURRENT
  // exists only inside CREATE FUNCTION.
  analysis.effect({
    ...settingEffect(name, value),
    ...(value === undefined ? { detail: resetClass(name) } : {}),
  })
  if (NAME_SETTINGS.has(name)) analysis.invalidate('names')
  return { tag, control: setControl(name, value, body.is_local === true) }
}

// Going back to the start is harmless except where the start may be another role.
function resetClass(name: string): string {
  const word = settingClass(name)
  return word === 'rights' || word === 'unknown' ? word : 'harmless'
}

function setControl(name: string | undefined, value: string | undefined, local: boolean): Control {
  return { kind: 'set', name, value, local }
}

// SET TRANSACTION …, SET SESSION CHARACTERISTICS AS TRANSACTION …, SET TRANSACTION SNAPSHOT …
function setMulti(body: VariableSetStmt, analysis: Analysis): Control {
  const name = (body.name ?? '').toLowerCase()
  if (name === 'transaction snapshot') {
    analysis.effect({
      op: 'set',
      object: 'transaction_snapshot',
      kind: 'setting',
      detail: 'reading',
    })
    return setControl('transaction_snapshot', undefined, true)
  }
  for (const option of optionsOf(body.args)) {
    const setting = option.defname ?? ''
    const object = name === 'transaction' ? setting : `default_${setting}`
    analysis.effect({ op: 'set', object, kind: 'setting', detail: settingClass(object) })
  }
  return { kind: 'none' }
}

// The value as flatten_set_variable_args builds it, for lists without its quoting of identifiers.
function valueOf(args: readonly Node[] | undefined): string | undefined {
  const parts = (args ?? []).map((arg) => constantText(arg) ?? '')
  return parts.join(', ')
}

function variableShow(body: VariableShowStmt, { analysis }: Context): Outcome {
  const object = (body.name ?? '').toLowerCase()
  analysis.effect({ op: 'read', object, kind: 'setting' })
  return { tag: 'SHOW', outputs: object === 'all' ? plain(3) : plain(1) }
}

function plain(count: number): Exclude<Outcome['outputs'], 'unknown' | undefined> {
  return Array.from({ length: count }, () => ({
    sources: [],
    labels: [],
    copy: false,
    origin: { table: 0, attnum: 0 },
  }))
}
