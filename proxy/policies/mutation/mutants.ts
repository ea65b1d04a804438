// Every mutant of a policy: all changes of all its rules, and of the data that its rules read. In the order of
// the sources, each once.
import { closedWords } from './closed-words.js'
import { changedConditions } from './conditions.js'
import { changedLiterals } from './literals.js'
import { mutantKey, mutantOf, type Mutant } from './mutant.js'
import { removals } from './removals.js'
import { rulePartsOf } from './rule-parts.js'
import { objectOf, listOf, wordOf, type Source } from './syntax.js'

export function regoMutants(sources: readonly Source[]): readonly Mutant[] {
  const words = closedWords()
  const shared = sharedNames(sources)
  const mutants = sources.flatMap((source) =>
    rulePartsOf(source).flatMap((parts) => {
      const made = (change: Mutant['change'], edit: Parameters<typeof mutantOf>[3]): Mutant =>
        mutantOf(source, parts.rule, change, edit)
      return [
        ...changedConditions(source, parts).map(({ change, edit }) => made(change, edit)),
        ...changedLiterals(source, parts, words).map(({ change, edit }) => made(change, edit)),
        ...removals(source, parts, shared.get(source.package) ?? new Set()).map((edit) =>
          made('remove', edit),
        ),
      ]
    }),
  )
  return unique(mutants)
}

// Names that several rules of a package begin with, whichever files they stand in: `deny` of `deny.update`.
function sharedNames(sources: readonly Source[]): ReadonlyMap<string, ReadonlySet<string>> {
  const counts = new Map<string, Map<string, number>>()
  for (const { package: home, rules } of sources) {
    const names = counts.get(home) ?? new Map<string, number>()
    counts.set(home, names)
    for (const rule of rules) {
      const name = wordOf(listOf(objectOf(rule['head'])['ref'])[0])
      names.set(name, (names.get(name) ?? 0) + 1)
    }
  }
  return new Map(
    [...counts].map(([home, names]) => [
      home,
      new Set([...names].flatMap(([name, count]) => (count > 1 ? [name] : []))),
    ]),
  )
}

function unique(mutants: readonly Mutant[]): readonly Mutant[] {
  const seen = new Set<string>()
  return mutants.filter((one) => {
    const key = `${mutantKey(one)} ${one.from} ${one.to}`
    const known = seen.has(key)
    seen.add(key)
    return !known
  })
}
