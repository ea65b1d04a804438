// The parts of facts that a person looks at when a test fails, in a few lines: who, where, and what the
// command does, reads and lets flow. Members at their ordinary value are left out.
import type { Effect, Facts, Flow } from '../../../engine/schemas/facts.js'

const LINES_MAX = 12

export function factsInBrief(facts: Facts): readonly string[] {
  const { identity, target, session, time, command } = facts
  const who = [
    identity.kind,
    ...words('groups', identity.groups),
    ...words(
      'for',
      identity.actor.map(({ subject }) => subject),
    ),
  ]
  const labels = Object.entries(target.labels).map(([key, value]) => `${key}=${value}`)
  const around = [
    ...(session.transaction === 'idle' ? [] : [`transaction ${session.transaction}`]),
    ...(session.purpose === '' ? [] : [`purpose “${session.purpose}”`]),
    ...Object.entries(session.counters).flatMap(([key, value]) =>
      value === 0 ? [] : [`${key} ${value}`],
    ),
    ...words(
      'grants',
      facts.grants.map(({ scope }) => scope),
    ),
  ]
  const lines = [
    `who      ${identity.subject} (${who.join('; ')})`,
    `where    ${target.name}${labels.length === 0 ? '' : ` (${labels.join(', ')})`}, ${time.utc}`,
    ...(around.length === 0 ? [] : [`session  ${around.join(', ')}`]),
    ...(command === undefined
      ? ['stage    a session is opened']
      : [
          ...command.effects.map((effect) => `effect   ${effectText(effect)}`),
          ...command.flows.map((flow) => `flow     ${flowText(flow)}`),
          ...command.unread.map(({ reason, detail }) => `unread   ${reason}: ${detail}`),
        ]),
  ]
  if (lines.length <= LINES_MAX) return lines
  return [...lines.slice(0, LINES_MAX), `… and ${lines.length - LINES_MAX} more`]
}

export function effectText(effect: Effect): string {
  const { op, kind, object, where, detail } = effect
  return [
    `${op} ${kind}${object === '' ? '' : ` ${object}`}`,
    ...words('columns', effect.columns ?? []),
    ...(where === undefined ? [] : [`where ${where}`]),
    ...(detail === undefined ? [] : [`detail ${detail}`]),
    ...words('labels', effect.labels ?? []),
    ...(effect.temporary === true ? ['temporary'] : []),
  ].join('; ')
}

function flowText({ from, labels, to, output, through }: Flow): string {
  const place = output === undefined ? to : `${to} ${output}`
  const way = through.length === 0 ? '' : ` through ${through.join(', ')}`
  return `${from} (${labels.join(', ')}) → ${place}${way}`
}

function words(name: string, values: readonly string[]): readonly string[] {
  return values.length === 0 ? [] : [`${name} ${values.join(', ')}`]
}
