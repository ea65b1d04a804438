// Why a command was decided as it was: the rules that spoke and what they met, those that would have but for
// one condition, why the others stayed silent, and what would pass. The decision is that of the enforced
// Wasm; OPA evaluates the sources for the rest, and where it decides otherwise, that is said.
import { canonicalJson } from '../../../engine/canonical.js'
import type { Entrypoint, Policy } from '../../../engine/policy/policy.js'
import { ENTRYPOINTS } from '../../../engine/policy/decide.js'
import type { Decision } from '../../../engine/schemas/decision.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import type { Surroundings } from './candidates.js'
import { isObject, valueAt } from './json-value.js'
import { policyModules, type Condition, type PolicyRule } from './policy-rules.js'
import { probeOf, type Hit, type Met, type Probe } from './probe.js'
import type { PolicySources } from './sources.js'
import type { SuggestedText } from './suggested-texts.js'
import { whatWouldPass, type Suggestion } from './what-would-pass.js'

export type Question = {
  readonly policy: Policy
  readonly sources: PolicySources
  readonly facts: Facts
  readonly entrypoint?: Entrypoint
  readonly around?: Surroundings
  // Where more is known than the facts say, such as the text.
  readonly wouldPass?: readonly Suggestion[]
  readonly texts?: readonly SuggestedText[]
}

export type Explanation = {
  readonly bundle: { readonly digest: string; readonly revision: string }
  readonly entrypoint: Entrypoint
  readonly decision: Decision
  // What OPA decides by the sources, where it is something else.
  readonly opaDiffers?: unknown
  readonly spoke: readonly Spoken[]
  readonly nearly: readonly Nearly[]
  readonly silent: readonly Silent[]
  readonly wouldPass: readonly Omit<Suggestion, 'facts'>[]
  // The same as texts that can be sent, where the text is known.
  readonly texts: readonly SuggestedText[]
}

export type RuleName = {
  readonly id: string
  readonly title: string
  readonly severity: string
  readonly place: string
  // `deny.update`, `allow.read`, `mask` …: what the rule adds to.
  readonly adds: string
}

export type Spoken = RuleName & {
  readonly message?: string
  readonly hint?: string
  // Named in the decision, or what the decision rests on.
  readonly counts: boolean
  readonly conditions: readonly Explained[]
  // Other effects or flows for which it held as well.
  readonly times: number
}

export type Nearly = RuleName & { readonly but: Explained }

export type Silent = RuleName & { readonly why: string; readonly failed: readonly Explained[] }

export type Explained = {
  readonly text: string
  readonly place: string
  readonly met: readonly Met[]
  // Facts that it reads through other rules.
  readonly facts: Readonly<Record<string, unknown>>
}

export async function explained(question: Question): Promise<Explanation> {
  const { policy, sources, facts, entrypoint = 'decision' } = question
  const modules = policyModules(sources.files)
  const operations = [...new Set(facts.command?.effects.map(({ op }) => op) ?? [])]
  const { probe, said } = await asked(probeOf(modules, operations), facts, entrypoint, sources)
  const found = isObject(said) ? said : {}
  const decision = policy.decide(facts, entrypoint)
  const opa = Array.isArray(found['decision']) ? found['decision'][0] : undefined
  const hits = probe.hitsOf(found['answers'])
  const held = hits.filter(({ failed }) => failed === undefined)
  const holding = new Set(held.map(({ rule }) => rule))
  const nearly = hits.filter(({ rule, failed }) => failed !== undefined && !holding.has(rule))
  const near = new Set(nearly.map(({ rule }) => rule))
  const rules = modules.flatMap((module) => module.rules)
  const alone = probe.heldOf(found['answers'])
  const around = surroundingsOf(found, question.around)
  return {
    bundle: { digest: policy.digest, revision: policy.revision },
    entrypoint,
    decision,
    ...(canonicalJson(opa ?? null) === canonicalJson(decision) ? {} : { opaDiffers: opa ?? null }),
    spoke: [...holding].map((rule) => spokenOf(rule, held, decision, facts)).sort(byWeight),
    nearly: onePerCondition(nearly)
      .sort((one, other) => nearness(one, decision) - nearness(other, decision))
      .map((hit) => nearlyOf(hit, facts)),
    silent: rules
      .filter((rule) => !holding.has(rule) && !near.has(rule))
      .map((rule) => silentOf(rule, alone.get(rule), facts)),
    wouldPass: (question.wouldPass ?? whatWouldPass(policy, facts, around)).map(
      ({ facts: _, ...rest }) => rest,
    ),
    texts: question.texts ?? [],
  }
}

// A copy of a rule that OPA does not take, for a style that nobody has thought of, is left out: less is then
// said of that rule, and the rest stands.
async function asked(
  probe: Probe,
  facts: Facts,
  entrypoint: Entrypoint,
  sources: PolicySources,
  attempts = ATTEMPTS,
): Promise<{ readonly probe: Probe; readonly said: unknown }> {
  try {
    const query = queryOf(entrypoint, probe.query)
    return { probe, said: await sources.evaluated(facts, query, probe.modules) }
  } catch (problem) {
    const places = attempts > 0 ? placesIn(problem) : []
    if (places.length === 0) throw problem
    return asked(probe.without(places), facts, entrypoint, sources, attempts - 1)
  }
}

const ATTEMPTS = 5

// As OPA names them in its errors, which are JSON.
function placesIn(problem: unknown): readonly (readonly [number, number])[] {
  const said = problem instanceof Error ? problem.message : ''
  const found = said.matchAll(/probe(\d+)\.rego",\s*"row": (\d+)/g)
  return [...found].map(([, module, line]) => [Number(module), Number(line)] as const)
}

function queryOf(entrypoint: Entrypoint, answers: string): string {
  const decision = `data.${ENTRYPOINTS[entrypoint].replaceAll('/', '.')}`
  return `{
	"decision": [one | one := ${decision}],
	"answers": ${answers},
	"environments": [one | one := data.environments.unprotected[_]],
	"groups": [one | one := data.teams[_][_]],
}`
}

function surroundingsOf(
  found: Readonly<Record<string, unknown>>,
  around: Surroundings = {},
): Surroundings {
  const strings = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
  return {
    environments: [...new Set([...(around.environments ?? []), ...strings(found['environments'])])],
    groups: [...new Set([...(around.groups ?? []), ...strings(found['groups'])])],
  }
}

function spokenOf(
  rule: PolicyRule,
  held: readonly Hit[],
  decision: Decision,
  facts: Facts,
): Spoken {
  const own = held.filter((hit) => hit.rule === rule)
  const [first] = own
  const value = isObject(first?.value) ? first.value : {}
  const id = typeof value['id'] === 'string' ? value['id'] : rule.id
  const text = (key: string): Readonly<Record<string, string>> =>
    typeof value[key] === 'string' ? { [key]: value[key] } : {}
  return {
    ...nameOf(rule),
    id,
    ...text('message'),
    ...text('hint'),
    counts: rule.adds.startsWith('allow')
      ? decision.action !== 'deny'
      : decision.rules.some((one) => one.id === id),
    conditions: rule.conditions.map((condition) =>
      explainedOf(rule, condition, first?.met ?? [], facts),
    ),
    times: own.length,
  }
}

function nearlyOf({ rule, failed, met }: Hit, facts: Facts): Nearly {
  const but = failed ?? rule.conditions[0]
  if (but === undefined) throw new Error('a rule without conditions cannot fail')
  return { ...nameOf(rule), but: explainedOf(rule, but, met, facts) }
}

function silentOf(
  rule: PolicyRule,
  held: ReadonlySet<Condition> | undefined,
  facts: Facts,
): Silent {
  if (held === undefined) {
    const why = `the command does no ${rule.operation ?? ''}`.trim()
    return { ...nameOf(rule), why, failed: [] }
  }
  const all = rule.conditions.filter((condition) => !held.has(condition))
  // What needs a value that none of these could give failed by that alone.
  const failed = all.filter(
    (one) =>
      !all.some((other) => other !== one && [...other.binds].some((name) => one.uses.has(name))),
  )
  const shown = failed.length === 0 ? all : failed
  return {
    ...nameOf(rule),
    why:
      all.length === 0
        ? 'each of its conditions holds, but not all for the same thing'
        : 'these of its conditions do not hold',
    failed: shown.map((condition) => explainedOf(rule, condition, [], facts)),
  }
}

function explainedOf(
  rule: PolicyRule,
  condition: Condition,
  met: readonly Met[],
  facts: Facts,
): Explained {
  const through = condition.reads.flatMap((path) => {
    const value = valueAt(facts, path.split('.'))
    // Effects and flows are gone through one by one, and shown so.
    const isLong = Array.isArray(value) && value.some(isObject)
    const direct = condition.shows.includes(`input.${path}`)
    return isLong || direct ? [] : [[path, value ?? null] as const]
  })
  return {
    text: condition.text,
    place: `${rule.file}:${condition.line}`,
    met: met.filter(({ text }) => condition.shows.includes(text)),
    facts: Object.fromEntries(through),
  }
}

function nameOf(rule: PolicyRule): RuleName {
  const { id, title, severity, adds } = rule
  return { id, title, severity, place: `${rule.file}:${rule.line}`, adds }
}

// First what would have allowed where nothing did; rules about this very operation before those about all.
function nearness({ rule }: Hit, { action, rules: [first] }: Decision): number {
  const wanted = action === 'deny' && first?.id === 'sallyport/not-covered'
  const apart = rule.operation === undefined ? 1 : 0
  return wanted && rule.adds.startsWith('allow') ? apart : apart + 2
}

function onePerCondition(hits: readonly Hit[]): Hit[] {
  return [...new Map(hits.map((hit) => [hit.failed, hit])).values()]
}

const WEIGHTS = ['deny', 'hold', 'mask', 'mask_rule', 'allow']

function byWeight(one: Spoken, other: Spoken): number {
  const weight = ({ adds }: Spoken): number => WEIGHTS.indexOf(adds.split('.')[0] ?? '')
  return Number(other.counts) - Number(one.counts) || weight(one) - weight(other)
}
