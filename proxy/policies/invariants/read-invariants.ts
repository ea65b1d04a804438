// invariants.yaml to statements that can be checked, or every mistake in it with its place.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  invariantsSchema,
  type InvariantEntry,
  type InvariantsFile,
} from '../../../engine/schemas/invariants.js'
import { GatewayError } from '../../errors.js'
import { createChecker } from '../../schema-problems.js'
import { pathText, problemText, readDocument, type Problem } from '../../yaml-document.js'
import type { PolicyFolder } from '../folder.js'
import { createTest, type Test } from './conditions.js'

// Under this name in a bundle, and in a folder whose settings name no other.
export const INVARIANTS_FILE = 'invariants.yaml'

export type Invariant = {
  readonly id: string
  readonly title: string
  // `invariants.yaml:3`
  readonly place: string
  readonly entry: InvariantEntry
  readonly isBroken: Test
}

const checker = createChecker<InvariantsFile>(invariantsSchema)

// Throws GatewayError('bundle_invalid') with every problem on a line of its own.
export function invariantsIn(text: string, name: string): readonly Invariant[] {
  const document = readDocument(text)
  if (!('value' in document)) throw wrong(name, document)
  const { value } = document
  if (!checker.fits(value)) throw wrong(name, merged(checker.problems(document)))
  const ids = value.invariants.map(({ id }) => id)
  const again = value.invariants.flatMap((entry, at): readonly Problem[] => {
    if (ids.indexOf(entry.id) === at) return []
    const path = ['invariants', at, 'id']
    const allowed = 'an id that no other invariant has'
    return [{ path, place: document.placeOf(path), found: `“${entry.id}” again`, allowed }]
  })
  if (again.length > 0) throw wrong(name, again)
  return value.invariants.map((entry, at) => ({
    id: entry.id,
    title: entry.title,
    place: `${name}:${document.placeOf(['invariants', at]).line}`,
    entry,
    isBroken: createTest(entry.never),
  }))
}

// Of a folder of policies; undefined where it has none. A file that the settings name must be there.
export async function invariantsText(
  folder: PolicyFolder,
): Promise<{ readonly name: string; readonly text: string } | undefined> {
  const named = folder.settings.invariants
  const name = named ?? INVARIANTS_FILE
  try {
    return { name, text: await readFile(join(folder.root, name), 'utf8') }
  } catch (cause) {
    const absent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    if (absent && named === undefined) return undefined
    throw new GatewayError('bundle_invalid', `the invariants ${name} cannot be read`, { cause })
  }
}

// What may be one thing or another is found wrong once for each.
function merged(problems: readonly Problem[]): readonly Problem[] {
  const found = new Map<string, Problem>()
  for (const problem of problems) {
    const key = pathText(problem.path)
    const known = found.get(key)
    if (known === undefined) found.set(key, problem)
    else if (known.allowed !== problem.allowed && problem.allowed !== 'another value') {
      found.set(key, { ...known, allowed: `${known.allowed}, or ${problem.allowed}` })
    }
  }
  return [...found.values()]
}

function wrong(name: string, problems: readonly Problem[]): GatewayError {
  const lines = problems.map((one) =>
    problemText(`${name}:${one.place.line}:${one.place.column}`, one),
  )
  return new GatewayError('bundle_invalid', lines.join('\n'))
}
