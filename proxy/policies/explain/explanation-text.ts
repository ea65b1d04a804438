// An explanation for people: the decision first, then who said so and by what, then what would pass.
import type { Explained, Explanation, RuleName, Silent } from './explain.js'
import type { Met } from './probe.js'

export type Paint = (
  colour: 'red' | 'green' | 'yellow' | 'grey' | 'bold' | 'cyan',
  text: string,
) => string

export type TextOptions = {
  readonly paint?: Paint
  // The rules that stayed silent as well.
  readonly all?: boolean
}

const COLOURS = {
  allow: 'green',
  'mask-fields': 'yellow',
  'require-approval': 'yellow',
  deny: 'red',
} as const

const DOES: Readonly<Record<string, string>> = {
  deny: 'denies',
  hold: 'asks for approval',
  mask: 'masks',
  mask_rule: 'says why',
  allow: 'allows',
}

export function explanationText(
  found: Explanation,
  { paint = (_, text) => text, all = false }: TextOptions = {},
): string {
  const { decision, bundle, entrypoint } = found
  const lines: string[] = []
  const asked = entrypoint === 'degraded' ? ', while nobody could be asked' : ''
  const by = `bundle ${bundle.digest.slice(0, 19)}${bundle.revision === '' ? '' : `, commit ${bundle.revision.slice(0, 12)}`}`
  lines.push(
    `${paint(COLOURS[decision.action], decision.action)}  ${paint('grey', `${by}${asked}`)}`,
  )
  for (const { id, message, hint } of decision.rules) {
    lines.push(`  ${paint('bold', id)}: ${message}${hint === undefined ? '' : `\n    → ${hint}`}`)
  }
  const { approval } = decision
  if (approval !== undefined) {
    const minutes = Math.round(approval.expires_ms / 60_000)
    lines.push(`  ${approval.quorum} of ${approval.approvers.join(' or ')}, within ${minutes} min`)
  }
  if ('opaDiffers' in found) {
    lines.push(
      '',
      paint('red', 'OPA decides otherwise by the same sources; the Wasm is what is enforced:'),
    )
    lines.push(`  ${JSON.stringify(found.opaDiffers)}`)
  }
  const spoke = found.spoke.filter(({ counts }) => counts || all)
  if (spoke.length > 0) lines.push('', paint('bold', 'Rules that spoke'))
  for (const rule of spoke) {
    lines.push(...headOf(rule, paint))
    if (!rule.counts) lines.push(`    ${paint('grey', 'had no part in the decision')}`)
    if (rule.times > 1) lines.push(`    ${paint('grey', `${rule.times} times; the first:`)}`)
    lines.push(...rule.conditions.flatMap((one) => conditionLines(one, paint)))
  }
  const overruled = found.spoke.length - spoke.length
  if (overruled > 0) {
    lines.push(paint('grey', `  ${overruled} more held and had no part in the decision (--all)`))
  }
  if (found.nearly.length > 0)
    lines.push('', paint('bold', 'Rules that nearly did, but for one condition'))
  for (const rule of found.nearly) {
    lines.push(...headOf(rule, paint), ...conditionLines(rule.but, paint))
  }
  if (all) lines.push(...silentLines(found.silent, paint))
  if (!all && found.silent.length > 0) {
    lines.push('', paint('grey', `${found.silent.length} rules stayed silent (--all says why)`))
  }
  lines.push(...wouldPassLines(found, paint))
  return `${lines.join('\n')}\n`
}

// Most are about other operations: a line for each of those.
function silentLines(silent: readonly Silent[], paint: Paint): readonly string[] {
  if (silent.length === 0) return []
  const elsewhere = silent.filter(({ failed }) => failed.length === 0)
  const here = silent.filter(({ failed }) => failed.length > 0)
  return [
    '',
    paint('bold', 'Rules that stayed silent'),
    ...here.flatMap((rule) => [
      ...headOf(rule, paint),
      `    ${rule.why}`,
      ...rule.failed.flatMap((one) => conditionLines(one, paint)),
    ]),
    ...[...new Set(elsewhere.map(({ why }) => why))].sort().map((why) => {
      const rules = elsewhere.filter((one) => one.why === why)
      const ids = [...new Set(rules.map(({ id }) => id))].sort()
      return `  ${paint('grey', `${why}:`)} ${ids.join(', ')}`
    }),
  ]
}

export function wouldPassLines(
  { wouldPass, texts, decision }: Pick<Explanation, 'wouldPass' | 'texts' | 'decision'>,
  paint: Paint,
): readonly string[] {
  if (
    decision.action !== 'deny' &&
    decision.action !== 'require-approval' &&
    wouldPass.length === 0
  ) {
    return []
  }
  const head = ['', paint('bold', 'What would pass')]
  if (wouldPass.length + texts.length === 0) return [...head, '  nothing that was tried']
  return [
    ...head,
    ...wouldPass.map(({ words, action, approvers }) => {
      const who = approvers === undefined ? '' : ` of ${approvers.join(' or ')}`
      return `  ${words}  ${paint(COLOURS[action], `→ ${action}${who}`)}`
    }),
    ...texts.map(
      ({ sql, action }) =>
        `  ${cut(sql.replace(/\s+/g, ' '), 200)}  ${paint(COLOURS[action], `→ ${action}`)}`,
    ),
  ]
}

function headOf(rule: RuleName, paint: Paint): readonly string[] {
  const does = DOES[rule.adds.split('.')[0] ?? ''] ?? `adds to ${rule.adds}`
  const severity = rule.severity === '' ? '' : `  ${rule.severity}`
  return [
    `  ${paint('cyan', rule.id)}  ${does}${severity}  ${paint('grey', rule.place)}`,
    ...(rule.title === '' ? [] : [`    ${rule.title}`]),
  ]
}

function conditionLines(one: Explained, paint: Paint): readonly string[] {
  const line = one.place.slice(one.place.lastIndexOf(':') + 1)
  const text = one.text.replace(/\s+/g, ' ')
  const values = [
    ...one.met.filter(isTelling).map(metText),
    ...Object.entries(one.facts).map(([path, value]) => `${path} = ${valueText(value)}`),
  ]
  const met = values.length === 0 ? '' : `   ${paint('grey', `← ${values.join(', ')}`)}`
  return [`    ${line.padStart(4)}  ${cut(text, 100)}${met}`]
}

// That a rule's own name holds says nothing, and a whole effect says too much.
function isTelling({ values: [value] }: Met): boolean {
  if (Array.isArray(value)) return !value.some((one) => typeof one === 'object' && one !== null)
  return value !== true && (typeof value !== 'object' || value === null)
}

function metText({ text, values }: Met): string {
  const [value] = values
  return values.length === 0 ? `${text} is not there` : `${text} = ${valueText(value)}`
}

function valueText(value: unknown): string {
  return value === null || value === undefined ? 'not there' : cut(JSON.stringify(value), 120)
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`
}
