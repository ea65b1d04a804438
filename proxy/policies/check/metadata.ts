// What people and tools are told about a rule: a title on every package and every public rule, and on the
// rules that the composition asks also an id and a severity.
import type { Finding } from '../findings.js'
import { problem, type Check } from './check.js'
import { familyRules, type FamilyRule } from './families.js'
import { nameOf, type Library, type PlacedRule } from './library.js'
import { nearest } from './near-miss.js'
import type { Annotation, At } from './rego-tree.js'

export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const

export const metadata: Check = {
  rules: {
    metadata:
      'METADATA is missing: a title on packages and public rules; id and severity on policies',
  },
  run: ({ library }) => {
    const policies = familyRules(library)
    const asked = new Set(policies.map(({ rule }) => rule))
    return [
      ...packagesWithoutTitle(library),
      ...rulesWithoutTitle(library, (placed) => !asked.has(placed.rule)),
      ...policies.flatMap(policyProblems),
    ]
  },
}

// The annotations that speak of this rule alone.
export function ownAnnotation({ rule }: PlacedRule): Annotation | undefined {
  return rule.annotations.find(({ scope }) => scope === 'rule' || scope === 'document')
}

// Where a member stands in the annotation; its first line where it is missing.
export function memberPlace(annotation: Annotation, name: string): At {
  const { line } = annotation.at
  const offset = annotation.lines.findIndex((text) =>
    text.replace(/^#\s*/, '').startsWith(`${name}:`),
  )
  if (offset === -1) return annotation.at
  return { line: line + offset, column: (annotation.lines[offset]?.indexOf(name) ?? 0) + 1 }
}

function packagesWithoutTitle({ files }: Library): readonly Finding[] {
  const names = new Set(files.map((file) => file.package.join('.')))
  return [...names].flatMap((name) => {
    const of = files.filter((file) => file.package.join('.') === name)
    const titled = of.some(({ annotations }) =>
      annotations.some(({ scope, title }) => scope === 'package' && title !== ''),
    )
    const [first] = of
    if (titled || first === undefined) return []
    const message = `nothing says what package ${name} is for`
    const place = { file: first.file, at: first.packageAt }
    return [problem('metadata', place, message, above('title: …', 'the package'))]
  })
}

// One of the bodies of a rule is enough.
function rulesWithoutTitle(
  library: Library,
  counts: (placed: PlacedRule) => boolean,
): readonly Finding[] {
  const names = new Set(library.rules.filter(counts).map(nameOf))
  return [...names].flatMap((name) => {
    const bodies = library.named(name)
    const [first] = bodies
    if (first === undefined || first.rule.path.some((part) => part.startsWith('_'))) return []
    if (bodies.some((placed) => (ownAnnotation(placed)?.title ?? '') !== '')) return []
    const shown = first.rule.path.join('.')
    const message = `nothing says what the public rule ${shown} is for`
    const fix = `${above('title: …', 'it')}; or call it _${shown} where only this package uses it`
    return [problem('metadata', { file: first.file.file, at: first.rule.at }, message, fix)]
  })
}

function policyProblems(policy: FamilyRule): readonly Finding[] {
  const { rule, file } = policy
  const own = ownAnnotation(policy)
  const shown = rule.path.join('.')
  const place = { file: file.file, at: own?.at ?? rule.at }
  const report = (message: string, fix: string): Finding => problem('metadata', place, message, fix)
  if (own === undefined) {
    const block =
      '# METADATA\n# title: …\n# custom:\n#   id: area/what-it-stops\n#   severity: high'
    return [
      report(
        `this rule of ${shown} says neither what it is for nor its id`,
        `write above it:\n${block}`,
      ),
    ]
  }
  const { id, severity } = own.custom
  const found: Finding[] = []
  if (own.title === '')
    found.push(report(`this rule of ${shown} has no title`, above('title: …', 'it')))
  if (typeof id !== 'string' || id === '') {
    const fix = 'write in its METADATA:\n# custom:\n#   id: area/what-it-stops'
    found.push(report(`this rule of ${shown} has no id, by which records would name it`, fix))
  }
  if (typeof severity !== 'string' || !SEVERITIES.some((one) => one === severity)) {
    const meant = typeof severity === 'string' ? nearest(severity, SEVERITIES) : undefined
    const message =
      severity === undefined
        ? `this rule of ${shown} has no severity`
        : `“${String(severity)}” is no severity`
    const fix = `write: severity: ${meant ?? SEVERITIES.join(' | ')}`
    const at = own === undefined ? rule.at : memberPlace(own, 'severity')
    found.push(problem('metadata', { ...place, at }, message, fix))
  }
  return found
}

function above(line: string, what: string): string {
  return `write above ${what}: # METADATA, and below that: # ${line}`
}
