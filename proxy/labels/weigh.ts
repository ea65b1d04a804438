// All that speaks for labels on one column, weighed: which labels, how sure, and the reasons in words.
import {
  contradiction,
  isMostlyProse,
  valueEvidence,
  type Evidence,
  type Strength,
} from './evidence.js'
import type { JsonTally } from './json-tally.js'
import { KINDS, type Kind } from './kinds.js'
import type { NameEvidence } from './name-evidence.js'
import { EMPTY_TALLY, type Tally } from './tally.js'

export const CONFIDENCES = ['high', 'medium', 'low'] as const
export type Confidence = (typeof CONFIDENCES)[number]

export type Weighed = {
  readonly labels: readonly string[]
  readonly confidence: Confidence
  readonly reasons: readonly string[]
  // Below a JSON column, where it is that speaks for them.
  readonly paths: readonly string[]
}

export type Heard = {
  readonly name: NameEvidence | undefined
  readonly statements: readonly Evidence[]
  readonly tally: Tally | undefined
  readonly json: JsonTally | undefined
}

type Opinion = {
  readonly kind: Kind
  readonly confidence: Confidence
  readonly labels: readonly string[]
  readonly reasons: readonly string[]
  readonly path?: string
}

export function weighed({ name, statements, tally, json }: Heard): Weighed | undefined {
  const opinions = [
    ...opinionsOf(name, statements, tally ?? EMPTY_TALLY),
    ...(json?.paths ?? []).flatMap((one) =>
      opinionsOf(one.name, [], one.tally).map((opinion) => ({ ...opinion, path: one.path })),
    ),
  ]
  const confidence = CONFIDENCES.find((one) => opinions.some((each) => each.confidence === one))
  if (confidence === undefined) return undefined
  // What is less sure is left to whoever reads this; a label too many hides what agents need.
  const sure = opinions.filter((one) => one.confidence === confidence)
  return {
    labels: labelsOf(sure),
    confidence,
    reasons: [...new Set(sure.flatMap(worded))],
    paths: [
      ...new Set(sure.flatMap(({ path }) => (path === undefined || path === '' ? [] : [path]))),
    ],
  }
}

// Somebody's own words about the kind make the general word superfluous.
function labelsOf(opinions: readonly Opinion[]): readonly string[] {
  const labels = [...new Set(opinions.flatMap((one) => one.labels))]
  // Text that holds anything is masked as a whole where it is personal anyhow.
  return labels.includes('pii') ? labels.filter((label) => label !== 'free_text') : labels
}

function worded({ reasons, path }: Opinion): readonly string[] {
  return path === undefined || path === ''
    ? reasons
    : reasons.map((reason) => `at ${path}: ${reason}`)
}

function opinionsOf(
  name: NameEvidence | undefined,
  statements: readonly Evidence[],
  tally: Tally,
): readonly Opinion[] {
  const evidence = [...statements, ...valueEvidence(tally), ...nameOpinion(name, tally)]
  const kinds = [...new Set(evidence.map(({ kind }) => kind))]
  return kinds.map((kind) => {
    const own = evidence.filter((one) => one.kind === kind)
    const named = own.flatMap(({ labels = [] }) => labels)
    return {
      kind,
      confidence: confidenceOf(own),
      labels: named.length > 0 ? named : KINDS[kind].labels,
      reasons: own.map(({ reason }) => reason),
    }
  })
}

function nameOpinion(name: NameEvidence | undefined, tally: Tally): readonly Evidence[] {
  if (name === undefined) return []
  const { kind, clear, words } = name
  const against = contradiction(kind, tally)
  if (against !== undefined) {
    return [
      { kind, strength: 'weak', from: 'name', reason: `the name says “${words}”, ${against}` },
    ]
  }
  // A column called `description` is free text if people write there.
  const prose = kind === 'free_text' && !clear && isMostlyProse(tally)
  const strength = clear || prose ? 'medium' : 'weak'
  const table = name.inTableOfPeople === true ? ' in a table of people' : ''
  const reason = `the name says “${words}”${table}${prose ? ' and most values are sentences' : ''}`
  return [{ kind, strength, from: 'name', reason }]
}

const WEIGHTS: Readonly<Record<Strength, number>> = { stated: 4, strong: 4, medium: 2, weak: 1 }

// Two that are medium make a high, two hints a medium.
function confidenceOf(evidence: readonly Evidence[]): Confidence {
  const sum = evidence.reduce((total, { strength }) => total + WEIGHTS[strength], 0)
  if (sum >= 4) return 'high'
  return sum >= 2 ? 'medium' : 'low'
}
