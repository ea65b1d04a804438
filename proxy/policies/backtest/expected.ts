// The flips that a change intends, read from delta.yaml: each flip found is either one of them or a
// surprise. What an expectation does not name fits anything, so it says from and to at the least.
import { readFileSync } from 'node:fs'
import { deltaSchema, type Delta, type ExpectedFlip } from '../../../engine/schemas/delta.js'
import { GatewayError } from '../../errors.js'
import { createChecker } from '../../schema-problems.js'
import { problemText, readDocument, type Problem } from '../../yaml-document.js'
import type { Flip } from './flip.js'
import { globOf } from './glob.js'

export type Expectation = {
  // Where it stands: `delta.yaml:3`.
  readonly place: string
  readonly why: string
  readonly max: number | undefined
  readonly fits: (flip: Flip, where: Where) => boolean
}

export type Where = {
  readonly person: string
  readonly target: string
  // All that the command changes, or reads where it changes nothing.
  readonly objects: readonly string[]
}

const checker = createChecker<Delta>(deltaSchema)

export function readExpectations(path: string, name: string): readonly Expectation[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new GatewayError('not_found', `${name} cannot be read`, { cause })
  }
  return expectationsOf(text, name)
}

export function expectationsOf(text: string, name: string): readonly Expectation[] {
  const document = readDocument(text)
  if (!('value' in document)) throw wrong(name, document)
  const { value } = document
  if (!checker.fits(value)) throw wrong(name, checker.problems(document))
  const vague = value.flips.flatMap((flip, at): readonly Problem[] =>
    (flip.from === undefined || flip.to === undefined) && flip.rule === undefined
      ? [
          {
            path: ['flips', at],
            place: document.placeOf(['flips', at]),
            found: 'a flip that would fit nearly everything',
            allowed: 'from and to, or a rule',
          },
        ]
      : [],
  )
  if (vague.length > 0) throw wrong(name, vague)
  return value.flips.map((flip, at) => ({
    place: `${name}:${document.placeOf(['flips', at]).line}`,
    why: flip.why,
    max: flip.max,
    fits: fitting(flip),
  }))
}

function fitting(expected: ExpectedFlip): Expectation['fits'] {
  const [rule, target, person, object] = [
    globOf(expected.rule),
    globOf(expected.target),
    globOf(expected.person),
    globOf(expected.object),
  ]
  return (flip, where) =>
    (expected.from === undefined || expected.from.includes(flip.from)) &&
    (expected.to === undefined || expected.to.includes(flip.to)) &&
    (expected.direction === undefined || expected.direction === flip.direction) &&
    rule(flip.rule) &&
    target(where.target) &&
    person(where.person) &&
    where.objects.every(object)
}

function wrong(name: string, problems: readonly Problem[]): GatewayError {
  return new GatewayError(
    'usage',
    problems
      .map((one) => problemText(`${name}:${one.place.line}:${one.place.column}`, one))
      .join('\n'),
  )
}
