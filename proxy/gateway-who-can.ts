// Who could send one command: each kind of identity, with each group that anybody is known to have, judged by
// the policies in force, and in which circumstances it would come out otherwise.
import type { Policy } from '../engine/policy/policy.js'
import type { IdentityFacts } from '../engine/schemas/facts.js'
import { GatewayError } from './errors.js'
import { opened, placeOf, situationFor, turn } from './gateway-trial-place.js'
import type { Place, TrialParts, TryQuestion } from './gateway-trial-place.js'
import { circumstancesOf } from './policies/can/circumstances.js'
import { outcomesOf, type Outcome } from './policies/can/outcomes.js'
import type { Rehearsing } from './policies/rehearsal/rehearse.js'

export type WhoCanRow = Outcome & {
  readonly kind: IdentityFacts['kind']
  // Absent: whatever the groups, but for the rows that name one.
  readonly group?: string
}

export type WhoCan = { readonly groups: readonly string[]; readonly rows: readonly WhoCanRow[] }

const GROUPS_MAX = 60
const KINDS = ['human', 'agent', 'pipeline'] as const

export async function whoCan(
  question: Omit<TryQuestion, 'as'>,
  rehearsing: Rehearsing,
  parts: TrialParts,
): Promise<WhoCan> {
  const policy = parts.policy()
  const groups = (await parts.groups()).slice(0, GROUPS_MAX)
  const place = await placeOf(question, parts)
  const rows: WhoCanRow[] = []
  const outcome = async (kind: IdentityFacts['kind'], of: readonly string[]): Promise<Outcome> => {
    await turn()
    return outcomeFor(somebody(kind, of), place, question, rehearsing, policy, parts)
  }
  for (const kind of KINDS) {
    const anybody = await outcome(kind, [])
    rows.push({ kind, ...anybody })
    for (const group of groups) {
      const member = await outcome(kind, [group])
      if (JSON.stringify(member) !== JSON.stringify(anybody)) rows.push({ kind, group, ...member })
    }
  }
  return { groups, rows }
}

async function outcomeFor(
  as: IdentityFacts,
  place: Place,
  { sql, target, database }: Omit<TryQuestion, 'as'>,
  rehearsing: Rehearsing,
  policy: Policy,
  parts: TrialParts,
): Promise<Outcome> {
  const nobody = { result: 'never', approvers: [], otherwise: [] } as const
  const asked = database === undefined ? target : `${target}/${database}`
  const account = parts.targets().destination(asked, undefined, as.groups)?.account !== undefined
  if (!account) return { ...nobody, rules: ['sallyport/no-account'] }
  const { catalogue } = place
  const situation = situationFor(place, as, parts)
  const { statements, syntaxError } = await rehearsing.run(sql, catalogue, situation, policy)
  const [only, more] = statements
  if (syntaxError !== undefined || only === undefined || more !== undefined) {
    throw new GatewayError('usage', syntaxError?.message ?? 'ask about one statement at a time')
  }
  const opens = await opened(rehearsing, { ...place, account }, situation, policy)
  if (!opens.go) return { ...nobody, rules: opens.rules }
  const environments = parts.settings().targets.flatMap(({ labels }) => labels['env'] ?? [])
  const circumstances = circumstancesOf(policy, only.facts, [...new Set(environments)].sort())
  const ability = { op: 'unknown', class: '', thing: '', variant: '', means: { sql } } as const
  const setting = { policy, catalogue, situation, rehearsing, circumstances }
  const [found] = (await outcomesOf([ability], setting)).asked
  return found?.outcome ?? { ...nobody, rules: [] }
}

function somebody(kind: IdentityFacts['kind'], groups: readonly string[]): IdentityFacts {
  return {
    subject: 'somebody',
    issuer: 'https://issuer.example',
    name: 'somebody',
    kind,
    groups: [...groups],
    actor: [],
    claims: {},
    mfa: false,
  }
}
