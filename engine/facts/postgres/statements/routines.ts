// Code that the server keeps and runs: functions, procedures, triggers, rules, row policies; and code
// that it runs at once: CALL and DO.
import type {
  AlterPolicyStmt,
  CallStmt,
  CreateFunctionStmt,
  CreatePolicyStmt,
  CreateTrigStmt,
  DefElem,
  Node,
  RangeVar,
  RuleStmt,
} from 'libpg-query'
import { resolveRelation } from '../analysis.js'
import type { Analysis } from '../analysis.js'
import type { Relation } from '../catalogue.js'
import { readWithin } from './as-query.js'
import {
  columnLabels,
  creationSchema,
  labelledFlows,
  objectName,
  relationEffect,
} from '../relation-effect.js'
import { computedColumn, namedItem, scopeOfTarget } from '../scope.js'
import type { Scope } from '../scope.js'
import { constantText, namesOf, optionText, optionsOf, rangeOf } from '../tree.js'
import { objectEffect, objectWords } from './object-kinds.js'
import type { Context, Outcome, Readers } from './outcome.js'

export const ROUTINE_READERS = {
  CreateFunctionStmt: createFunction,
  AlterFunctionStmt: (body, { analysis }) => {
    const type = body.objtype ?? 'OBJECT_FUNCTION'
    const object = body.func === undefined ? undefined : { ObjectWithArgs: body.func }
    objectEffect(analysis, 'alter', { type, object })
    for (const option of optionsOf(body.actions)) {
      copiedSetting(option, analysis)
      if (option.defname !== 'security') continue
      objectEffect(analysis, 'alter', { type, object, detail: 'security_definer' })
    }
    analysis.invalidate('catalogue')
    return { tag: `ALTER ${objectWords(type)}` }
  },
  DoStmt: (_, { analysis }) => {
    analysis.effect({ op: 'unknown', object: '', kind: 'statement', detail: 'do' })
    analysis.unread('dynamic_sql', 'DO')
    analysis.invalidate('catalogue')
    analysis.invalidate('names')
    return { tag: 'DO' }
  },
  CallStmt: call,
  CreateTrigStmt: createTrigger,
  RuleStmt: createRule,
  CreatePolicyStmt: (body, { analysis }) => {
    policy('create', body, analysis)
    return { tag: 'CREATE POLICY' }
  },
  AlterPolicyStmt: (body, { analysis }) => {
    policy('alter', body, analysis)
    return { tag: 'ALTER POLICY' }
  },
} satisfies Readers

// SET x FROM CURRENT stores what the session has, for anybody to see.
function copiedSetting({ arg }: DefElem, analysis: Analysis): void {
  if (arg === undefined || !('VariableSetStmt' in arg)) return
  const { kind, name = '' } = arg.VariableSetStmt
  if (kind !== 'VAR_SET_CURRENT') return
  analysis.effect({ op: 'read', object: name.toLowerCase(), kind: 'setting' })
}

const INTERPRETED = new Set(['sql', 'plpgsql'])

function createFunction(body: CreateFunctionStmt, context: Context): Outcome {
  const { analysis } = context
  const range = rangeOf(namesOf(body.funcname))
  const object = `${creationSchema(analysis, range) ?? ''}.${range.relname ?? ''}`
  const options = optionsOf(body.options)
  const given = options.find((option) => option.defname === 'language')
  const language = (given === undefined ? 'sql' : (optionText(given) ?? '')).toLowerCase()
  const declared = (detail: string): void => {
    analysis.effect({ op: 'create', object, kind: 'function', detail })
  }
  declared(language)
  if (body.replace === true) declared('replace')
  for (const option of options) {
    if (option.defname === 'security' && isTrue(option.arg)) declared('security_definer')
    if (option.defname === 'set') declared('set')
    copiedSetting(option, analysis)
  }
  // C code, and languages whose code may do what the server's account may.
  if (language === 'c' || language === 'internal' || !INTERPRETED.has(language)) {
    analysis.effect({ op: 'execute_program', object, kind: 'function', detail: language })
  }
  for (const parameter of body.parameters ?? []) {
    if ('FunctionParameter' in parameter && parameter.FunctionParameter.defexpr !== undefined) {
      readWithin(parameter.FunctionParameter.defexpr, undefined, 'write', analysis)
    }
  }
  if (language === 'sql') readBody(body, context)
  analysis.invalidate('catalogue')
  return { tag: body.is_procedure === true ? 'CREATE PROCEDURE' : 'CREATE FUNCTION' }
}

function isTrue(arg: Node | undefined): boolean {
  return arg !== undefined && 'Boolean' in arg && arg.Boolean.boolval === true
}

// What the body does, it will do for whoever calls it, so its effects count here already.
function readBody(body: CreateFunctionStmt, context: Context): void {
  const outer = parameterScope(body)
  for (const statement of bodyStatements(body, context.analysis)) {
    if ('ReturnStmt' in statement) {
      const value = statement.ReturnStmt.returnval
      if (value !== undefined) readWithin(value, undefined, 'write', context.analysis, outer)
    } else {
      context.inner(statement, 'write', outer)
    }
  }
}

// A body names its parameters bare or after the function's name; what they will hold is not known.
function parameterScope(body: CreateFunctionStmt): Scope {
  const columns = (body.parameters ?? []).flatMap((node) =>
    'FunctionParameter' in node && node.FunctionParameter.name !== undefined
      ? [computedColumn(node.FunctionParameter.name)]
      : [],
  )
  const name = namesOf(body.funcname).at(-1)
  return { items: [namedItem(name, columns)], ctes: new Map(), outer: undefined }
}

function bodyStatements(body: CreateFunctionStmt, analysis: Analysis): readonly Node[] {
  if (body.sql_body !== undefined) return flattened(body.sql_body)
  const text = optionsOf(body.options).find((option) => option.defname === 'as')?.arg
  const source =
    text !== undefined && 'List' in text ? constantText(text.List.items?.[0]) : constantText(text)
  const statements = source === undefined ? undefined : analysis.parse(source)
  if (statements === undefined) analysis.unread('not_parsed', 'function body')
  return statements ?? []
}

// BEGIN ATOMIC … END comes as a list in a list.
function flattened(node: Node): readonly Node[] {
  return 'List' in node ? (node.List.items ?? []).flatMap(flattened) : [node]
}

function call(body: CallStmt, { analysis }: Context): Outcome {
  if (body.funccall !== undefined) {
    readWithin({ FuncCall: body.funccall }, undefined, 'output', analysis)
  }
  analysis.invalidate('catalogue')
  analysis.invalidate('names')
  return { tag: 'CALL', outputs: 'unknown' }
}

function createTrigger(body: CreateTrigStmt, { analysis }: Context): Outcome {
  if (body.relation === undefined) return { tag: 'CREATE TRIGGER' }
  const relation = part(analysis, 'create', 'trigger', body.relation, body.trigname ?? '')
  const name = namesOf(body.funcname).join('.')
  analysis.effect({ op: 'call', object: name, kind: 'function', detail: 'trigger' })
  // The function is handed the rows.
  if (relation !== undefined) labelledFlows(analysis, relation, 'argument', ['trigger'])
  if (body.whenClause !== undefined && relation !== undefined) {
    const outer = versionScope(relation, analysis)
    readWithin(body.whenClause, undefined, 'predicate', analysis, outer)
  }
  return { tag: 'CREATE TRIGGER' }
}

function createRule(body: RuleStmt, context: Context): Outcome {
  const { analysis } = context
  if (body.relation === undefined) return { tag: 'CREATE RULE' }
  const relation = part(analysis, 'create', 'rule', body.relation, body.rulename ?? '')
  if (relation === undefined) return { tag: 'CREATE RULE' }
  const outer = versionScope(relation, analysis)
  for (const action of body.actions ?? []) context.inner(action, 'write', outer)
  if (body.whereClause !== undefined) {
    readWithin(body.whereClause, undefined, 'predicate', analysis, outer)
  }
  return { tag: 'CREATE RULE' }
}

function policy(
  op: 'create' | 'alter',
  body: CreatePolicyStmt | AlterPolicyStmt,
  analysis: Analysis,
): void {
  if (body.table === undefined) return
  const relation = part(analysis, op, 'policy', body.table, body.policy_name ?? '')
  for (const expression of [body.qual, body.with_check]) {
    if (expression === undefined || relation === undefined) continue
    readWithin(expression, relation, 'predicate', analysis)
  }
}

// A part of a relation: its own effect, and that the relation is altered by it.
function part(
  analysis: Analysis,
  op: 'create' | 'alter',
  kind: 'trigger' | 'rule' | 'policy',
  name: RangeVar,
  own: string,
): Relation | undefined {
  const relation = resolveRelation(analysis, name)
  const base = relation === undefined ? (name.relname ?? '') : objectName(relation)
  analysis.effect({ op, object: `${base}.${own}`, kind })
  const labels = relation === undefined ? [] : [...columnLabels(relation)]
  relationEffect(analysis, 'alter', name, relation, {
    detail: kind,
    ...(labels.length > 0 ? { labels } : {}),
  })
  analysis.touch(name.relname ?? '')
  return relation
}

// OLD and NEW stand for rows of the relation.
function versionScope(relation: Relation, analysis: Analysis): Scope {
  const items = ['old', 'new'].flatMap((name) => scopeOfTarget(relation, name, analysis).items)
  return { items, ctes: new Map(), outer: undefined }
}
