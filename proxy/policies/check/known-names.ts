// Names that must exist in the data: labels of columns, patterns of masks, groups of teams, environments of
// targets, and every path of `data` that a rule reads. A name that nothing bears makes a rule silent.
import { PATTERNS } from '../../../engine/facts/postgres/mask-match.js'
import { SYSTEM_LABELS } from '../../../engine/facts/postgres/system-relations.js'
import { UNLABELLED } from '../../../engine/facts/postgres/unlabelled.js'
import type { Finding } from '../findings.js'
import { problem, type Check, type CheckInput } from './check.js'
import { comparedWith } from './closed-words.js'
import { familyRules } from './families.js'
import { literalMembers } from './head-literal.js'
import type { Constant } from './knowledge.js'
import { nearest, suggestion } from './near-miss.js'
import { resolved, rulesNamed, type Scope } from './scope.js'
import type { Term } from './rego-tree.js'
import { walkLibrary } from './walk.js'

// Whatever is not listed is production; these are what it is usually called.
const PRODUCTION = ['prod', 'production']

type Names = {
  readonly rule: string
  readonly what: string
  // Of the facts.
  readonly path: RegExp
  readonly known: readonly string[]
  readonly fix: string
}

export const knownNames: Check = {
  rules: {
    'unknown-label': 'a label that no column has, or a pattern that masks do not know',
    'unknown-group': 'a group that is in no team of the data',
    'unknown-environment':
      'an environment that is neither in the data nor of a target in the settings',
    'unknown-data': 'a part of the data is read that does not exist',
  },
  run: (input) => {
    const names = [labels(input), groups(input), environments(input)]
    const found: Finding[] = [
      ...maskProblems(input, labels(input).known),
      ...approverProblems(input),
    ]
    walkLibrary(input.library, {
      term: (term, scope) => {
        if (term.kind === 'call') {
          for (const [field, words] of comparedWith(term, scope, input)) {
            for (const one of names)
              if (one.path.test(field.path)) found.push(...unknown(one, words))
          }
        }
        found.push(...missingData(term, scope, input))
      },
    })
    return firstAtPlace(found)
  },
}

// One word may be compared in many places; who knows most about it has spoken first.
function firstAtPlace(findings: readonly Finding[]): readonly Finding[] {
  const byPlace = new Map<string, Finding>()
  for (const one of findings) {
    const place = `${one.rule}:${one.file}:${one.line}:${one.column}`
    if (!byPlace.has(place)) byPlace.set(place, one)
  }
  return [...byPlace.values()]
}

function unknown(
  { rule, what, known, fix }: Names,
  words: readonly Constant[],
): readonly Finding[] {
  // Where the data knows none at all, none is wrong.
  if (known.length === 0) return []
  return words.flatMap((word) => {
    const text = String(word.value)
    if (typeof word.value !== 'string' || known.includes(text)) return []
    return [
      problem(rule, word, `there is no ${what} “${text}”`, `${suggestion(text, known)} ${fix}`),
    ]
  })
}

function labels({ library }: CheckInput): Names {
  const columns = library.data.at(['labels', 'columns'])
  const given = Array.isArray(columns)
    ? columns.flatMap((one: unknown) => textsAt(one, 'labels'))
    : []
  return {
    rule: 'unknown-label',
    what: 'label',
    path: /(^|\.)(effects|flows)\[\]\.labels\[\]$/,
    known: [...new Set([...given, ...SYSTEM_LABELS, UNLABELLED])],
    fix: 'Labels are given to columns in data.labels.columns.',
  }
}

function groups({ library }: CheckInput): Names {
  const teams = library.data.at(['teams'])
  return {
    rule: 'unknown-group',
    what: 'group',
    path: /(^|\.)groups\[\]$/,
    known: textsIn(teams),
    fix: 'Groups are listed in data.teams; a rule reads them from there: some group in data.teams.….',
  }
}

function environments({ library, settings }: CheckInput): Names {
  const targets = Object.values(settings.targets ?? {})
  const ofTargets = targets.flatMap(({ labels: own }) =>
    own?.['env'] === undefined ? [] : [own['env']],
  )
  const known = textsIn(library.data.at(['environments']))
  return {
    rule: 'unknown-environment',
    what: 'environment',
    path: /(^|\.)target\.labels\.env$/,
    known: known.length === 0 ? [] : [...new Set([...known, ...ofTargets, ...PRODUCTION])],
    fix: 'Environments are listed in data.environments.',
  }
}

// `data.teams.pii_reader`: of the data documents, and not of a rule.
function missingData(term: Term, scope: Scope, { library }: CheckInput): readonly Finding[] {
  if (term.kind !== 'ref') return []
  const found = resolved(term, scope)
  if (found.root !== 'data' || found.name.length === 0) return []
  if (rulesNamed(found, library) !== undefined || library.isVirtual(found.name.join('.'))) return []
  const { name } = found
  const missing = name.findIndex((_, at) => !library.data.has(name.slice(0, at + 1)))
  if (missing === -1) return []
  const above = name.slice(0, missing)
  // Below a package of rules OPA itself looks.
  if (missing > 0 && library.isVirtual(above.join('.'))) return []
  const place = { file: scope.placed.file.file, at: term.at }
  const shown = `data.${name.slice(0, missing + 1).join('.')}`
  const part = name[missing] ?? ''
  const members = library.data.at(above)
  const known = isObject(members) ? Object.keys(members) : []
  const near = nearest(part, known)
  const fix =
    near === undefined
      ? `add it to a data.yaml under the folder of data, or correct the name`
      : `did you mean “${near}”?`
  return [
    problem('unknown-data', place, `${shown} does not exist, so what needs it is never true`, fix),
  ]
}

function maskProblems(input: CheckInput, known: readonly string[]): readonly Finding[] {
  return familyRules(input.library).flatMap((policy) => {
    if (policy.family !== 'mask') return []
    const match = literalMembers(policy, input)?.get('match')
    const texts =
      match === undefined ? [] : (input.knowledge.choicesOf(match.term, match.scope) ?? [])
    return texts.flatMap((text) => {
      const [, kind = '', name = ''] = /^(label|pattern):(.+)$/.exec(String(text.value)) ?? []
      // `label:pii` also masks what is labelled `pii.ssn`.
      const wider = known.flatMap((one) =>
        one.split('.').map((_, at, all) => all.slice(0, at + 1).join('.')),
      )
      const [words, what]: readonly [readonly string[], string] =
        kind === 'label' ? [[...new Set(wider)], 'label'] : [PATTERNS, 'pattern']
      if (kind === '' || words.includes(name)) return []
      const message = `there is no ${what} “${name}”, so this masks nothing`
      return [problem('unknown-label', text, message, suggestion(name, words))]
    })
  })
}

// Who is asked for an approval and is in no team cannot be told from a typing error.
function approverProblems({ library }: CheckInput): readonly Finding[] {
  const known = textsIn(library.data.at(['teams']))
  const path = ['approvals', 'terms', 'approvers']
  const asked = library.data.at(path)
  if (!Array.isArray(asked) || known.length === 0) return []
  return asked.flatMap((group: unknown, at) => {
    if (typeof group !== 'string' || known.includes(group)) return []
    const message = `there is no group “${group}”, so nobody could approve`
    const fix = `${suggestion(group, known)} Groups are listed in data.teams.`
    return [problem('unknown-group', library.data.placeOf([...path, at]), message, fix)]
  })
}

// All texts at any depth.
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsIn)
  return isObject(value) ? Object.values(value).flatMap(textsIn) : []
}

function textsAt(value: unknown, name: string): readonly string[] {
  return isObject(value) ? textsIn(value[name]) : []
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
