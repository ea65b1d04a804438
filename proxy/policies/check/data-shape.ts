// The parts of the data that have a meaning of their own: labels of columns, their masks, terms of approvals, limits,
// teams, environments. What is not of their form would leave columns bare or turn decisions into denials.
import { decisionSchema, maskSchema } from '../../../engine/schemas/decision.js'
import type { Finding } from '../findings.js'
import { problem, type Check, type CheckInput } from './check.js'
import type { DataPath } from './data-documents.js'
import { fitting, misfits, type Fitting } from './fits-schema.js'

const texts = { type: 'array', items: { type: 'string', minLength: 1 } }
const named = { type: 'string', minLength: 1 }

const column = fitting({
  type: 'object',
  additionalProperties: false,
  required: ['column', 'labels'],
  properties: {
    database: named,
    schema: named,
    table: named,
    column: named,
    // None: somebody has looked, and it holds nothing.
    labels: texts,
  },
})

// What a mask of the data says; which columns it is for, the entry says.
const { match: _match, except: _except, ...ofMask } = maskSchema.properties
const mask = {
  type: 'object',
  additionalProperties: false,
  required: ['method'],
  properties: ofMask,
}

const maskedLabel = fitting({
  type: 'object',
  additionalProperties: false,
  required: ['label', 'mask'],
  properties: {
    label: named,
    mask,
    for: {
      type: 'object',
      additionalProperties: false,
      properties: {
        groups: texts,
        kinds: { type: 'array', items: { enum: ['human', 'agent', 'pipeline'] } },
        targets: texts,
        environments: texts,
        purposes: texts,
      },
    },
  },
})

// `*` is any member.
const SHAPES: readonly (readonly [path: readonly string[], what: string, fits: Fitting])[] = [
  [['labels', 'columns'], 'list of labelled columns', fitting({ type: 'array' })],
  [['labels', 'columns', '*'], 'labelled column', column],
  [['approvals', 'terms'], 'approval', fitting(decisionSchema.properties.approval)],
  [['limits', '*', 'decision'], 'limits', fitting(decisionSchema.properties.limits)],
  [['masks', 'default'], 'mask', fitting(mask)],
  [['masks', 'by_label', '*'], 'mask of a label', maskedLabel],
  [['teams', '*'], 'team', fitting(texts)],
  [['environments', '*'], 'list of environments', fitting(texts)],
]

export const dataShape: Check = {
  rules: { 'data-shape': 'a part of the data is not of the form that gateway and rules expect' },
  run: ({ library }) =>
    SHAPES.flatMap(([path, what, fits]) =>
      placesOf(library.data, path).flatMap((place) => misplaced(library, place, what, fits)),
    ),
}

type Data = CheckInput['library']['data']

function placesOf(data: Data, path: readonly string[]): readonly DataPath[] {
  let places: readonly DataPath[] = [[]]
  for (const part of path) {
    places = places.flatMap((place) => {
      if (part !== '*') return data.has([...place, part]) ? [[...place, part]] : []
      const value = data.at(place)
      if (Array.isArray(value)) return value.map((_, at) => [...place, at])
      return typeof value === 'object' && value !== null
        ? Object.keys(value).map((name) => [...place, name])
        : []
    })
  }
  return places
}

function misplaced(
  { data }: CheckInput['library'],
  place: DataPath,
  what: string,
  fits: Fitting,
): readonly Finding[] {
  return misfits(fits, data.at(place), what).map(({ path, message, fix }) =>
    problem(
      'data-shape',
      data.placeOf([...place, ...path]),
      `${message} (data.${place.join('.')})`,
      fix,
    ),
  )
}
