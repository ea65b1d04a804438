// `sallyport policy hits`: how often each rule spoke, as the record has it, and which of the active bundle never
// did. Read from the index of the record, with the rules that the bundle beside it lists.
import { DEFAULTS } from '../../config/defaults.js'
import { GatewayError } from '../../errors.js'
import { csvLine } from '../../replay/csv.js'
import type { RuleHits } from '../../search/rule-hits.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { keptPolicies } from '../kept-policies.js'
import { DESK_HELP, DESK_OPTIONS, deskFor } from '../search-desk.js'
import { instantOf, paintFor, plainText, tableOf, type Paint } from '../table.js'

export const help = `sallyport policy hits     how often each rule spoke, and which never did

  --never            only rules of the active bundle that never spoke
${DESK_HELP}
  --format FORMAT    pretty (default), json or csv

SHADOW counts commands for which the policies in the shadow named the rule and would have decided
otherwise. A retired rule spoke once and is not in the active bundle.
Exit status: 0 answered, 1 the record cannot be read, 2 wrong usage.
`

const OPTIONS = {
  ...DESK_OPTIONS,
  never: { type: 'boolean' },
  format: { type: 'string' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  if (positionals.length > 0) throw new GatewayError('usage', 'hits takes no name')
  const format = formatArgument(values.format, ['pretty', 'json', 'csv'])
  const { desk, place } = deskFor(values, io)
  try {
    const digest = desk.bundle()
    const policy =
      digest === undefined ? undefined : await keptPolicies(place, DEFAULTS.fuel)(digest)
    const active = typeof policy === 'object' ? policy.rules : undefined
    if (active === undefined) {
      const why = typeof policy === 'string' ? policy : 'its rules are not known'
      io.stderr.write(`sallyport: which rules never spoke cannot be told: ${plainText(why)}\n`)
    }
    const rules = desk.rules(active).filter(({ never }) => never || values.never !== true)
    if (format === 'json') io.stdout.write(`${JSON.stringify({ rules })}\n`)
    else io.stdout.write(format === 'csv' ? csvOf(rules) : textOf(rules, paintFor(io)))
    return 0
  } finally {
    desk.close()
  }
}

function textOf(rules: readonly RuleHits[], paint: Paint): string {
  if (rules.length === 0) return 'no rule fits\n'
  const head = ['RULE', 'HITS', 'DENIED', 'HELD', 'MASKED', 'SHADOW', 'LAST (UTC)', '']
  return tableOf(
    head,
    rules.map((rule) => [
      plainText(rule.id, 80),
      String(rule.hits),
      String(rule.denied),
      String(rule.held),
      String(rule.masked),
      String(rule.shadow),
      rule.last_at === undefined ? '' : instantOf(Date.parse(rule.last_at)),
      rule.never
        ? { text: 'never spoke', colour: 'yellow' as const }
        : rule.retired
          ? { text: 'retired', colour: 'grey' as const }
          : '',
    ]),
    paint,
  )
}

function csvOf(rules: readonly RuleHits[]): string {
  const safe = { spreadsheet: true }
  const head = ['rule', 'hits', 'denied', 'held', 'masked', 'shadow', 'last', 'never', 'retired']
  const lines = rules.map((rule) =>
    csvLine(
      [
        ...[rule.id, rule.hits, rule.denied, rule.held, rule.masked, rule.shadow].map(String),
        ...[rule.last_at ?? null, String(rule.never), String(rule.retired)],
      ],
      safe,
    ),
  )
  return `${csvLine(head, safe)}${lines.join('')}`
}
