// What calling a function does. The system's own functions are judged by a table; everybody else's
// are calls whose declared volatility is stated, with the effects of their bodies where they are
// written in SQL.
import type { Node } from 'libpg-query'
import type { Analysis } from './analysis.js'
import type { Routine } from './catalogue.js'
import { extensionMeaning, systemMeaning } from './routine-meanings.js'
import type { Meaning } from './routine-meanings.js'
import { isPlainQuery } from './routine-body.js'
import { settingClass } from './settings.js'
import { settingEffect } from './statements/settings.js'
import { constantText } from './tree.js'

// FirstNormalObjectId: objects made by initdb have smaller OIDs. A superuser can add functions to
// pg_catalog; those are not the system's.
const FIRST_USER_OID = 16384

const SETTING_ROUTINES = new Set(['set_config', 'current_setting'])

// Declares the effects of a call. `args` are the arguments as written, [] where they are not known
// (an operator's, a cast's, an aggregate's support functions).
export function callEffect(routine: Routine, args: readonly Node[], analysis: Analysis): void {
  if (isSystemRoutine(routine)) {
    systemCall(routine, args, analysis)
    return
  }
  const extension = routine.language === 'c' ? extensionMeaning(routine.name) : undefined
  if (extension !== undefined) declare(extension, routine, args, analysis)
  const object = `${routine.schema}.${routine.name}`
  analysis.effect({ op: 'call', object, kind: 'function', detail: volatilityOf(routine, analysis) })
  if (routine.securityDefiner) {
    analysis.effect({ op: 'call', object, kind: 'function', detail: 'security_definer' })
  }
  if (routine.body === undefined) {
    analysis.effect({ op: 'call', object, kind: 'function', detail: 'opaque' })
    if (routine.volatility === 'volatile') {
      analysis.invalidate('catalogue')
      analysis.invalidate('names')
    }
  } else {
    analysis.body(routine, analysis)
  }
}

// A function is volatile where nobody said otherwise. One that is a single query does no more than what
// the query calls, and that has effects of its own.
function volatilityOf(routine: Routine, analysis: Analysis): Routine['volatility'] {
  const { body, volatility, settings = [] } = routine
  if (volatility !== 'volatile' || body === undefined || settings.length > 0) return volatility
  const [statement, another] = analysis.parse(body) ?? []
  return another === undefined && isPlainQuery(statement) ? 'stable' : volatility
}

// True where a call does nothing but compute: no effect, no unread.
export function isHarmless(routine: Routine): boolean {
  if (!isSystemRoutine(routine)) return false
  if (SETTING_ROUTINES.has(routine.name) || isDynamicRewrite(routine)) return false
  const meaning = systemMeaning(routine.name)
  return meaning === undefined ? routine.volatility !== 'volatile' : meaning.what === 'harmless'
}

export function isSystemRoutine(routine: Routine): boolean {
  return (
    routine.oid < FIRST_USER_OID &&
    (routine.schema === 'pg_catalog' || routine.schema === 'information_schema')
  )
}

function systemCall(routine: Routine, args: readonly Node[], analysis: Analysis): void {
  if (isHarmless(routine)) return
  if (routine.name === 'set_config') {
    setConfig(args, analysis)
    return
  }
  if (routine.name === 'current_setting') {
    // SHOW as a function; a name that is not written out may be any.
    const object = constantText(args[0])?.toLowerCase() ?? 'all'
    analysis.effect({ op: 'read', object, kind: 'setting' })
    return
  }
  const meaning = isDynamicRewrite(routine)
    ? ({ what: 'dynamic' } as const)
    : systemMeaning(routine.name)
  if (meaning !== undefined) {
    declare(meaning, routine, args, analysis)
    return
  }
  analysis.effect({
    op: 'call',
    object: `${routine.schema}.${routine.name}`,
    kind: 'function',
    detail: routine.volatility,
  })
}

function declare(
  meaning: Meaning,
  routine: Routine,
  args: readonly Node[],
  analysis: Analysis,
): void {
  const object = `${routine.schema}.${routine.name}`
  switch (meaning.what) {
    case 'harmless':
      return
    case 'dynamic':
      analysis.effect({ op: 'unknown', object, kind: 'function' })
      analysis.unread('dynamic_sql', object)
      return
    case 'effect': {
      const named = meaning.named === undefined ? undefined : args[meaning.named]
      const name = meaning.named === undefined ? object : (constantText(named) ?? '')
      analysis.effect({
        op: meaning.op,
        object: name,
        kind: meaning.kind,
        ...(meaning.detail === undefined ? {} : { detail: meaning.detail }),
        ...(meaning.label === undefined ? {} : { labels: [meaning.label] }),
      })
    }
  }
}

// ts_rewrite(tsquery, text) runs the text as a query; ts_rewrite of three tsqueries only computes.
function isDynamicRewrite(routine: Routine): boolean {
  return routine.name === 'ts_rewrite' && routine.argumentTypes.length === 2
}

// set_config(name, value, is_local) is SET, where its arguments can be read.
function setConfig(args: readonly Node[], analysis: Analysis): void {
  const name = constantText(args[0])
  const value = constantText(args[1])
  if (name === undefined || value === undefined) {
    analysis.effect({
      op: 'set',
      object: name === undefined ? '' : name.toLowerCase(),
      kind: 'setting',
      // Whatever its value: nobody's setting has a meaning.
      detail: name !== undefined && settingClass(name) === 'custom' ? 'custom' : 'unknown',
    })
    if (name === undefined) analysis.unread('dynamic_sql', 'pg_catalog.set_config')
    return
  }
  analysis.effect(settingEffect(name, value))
  analysis.invalidate('names')
}
