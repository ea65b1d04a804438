// Which command a case of a command test sends. One member for each protocol; those that come later are
// known by name, so that a table written for a newer version says so instead of testing nothing.
import type { CommandCase } from '../../../engine/schemas/command-tests.js'
import type { ReadDocument, Problem } from '../../yaml-document.js'

export type CaseCommand = { readonly protocol: 'postgres'; readonly text: string }

const KINDS = ['sql'] as const
const LATER = ['ssh', 'kubectl', 'http']

// Before the schema is asked, whose words for this would be about keys.
export function commandProblems(document: ReadDocument): readonly Problem[] {
  return casesIn(document.value).flatMap((one, at): readonly Problem[] => {
    if (typeof one !== 'object' || one === null) return []
    const later = LATER.find((kind) => kind in one)
    if (later !== undefined) {
      return [
        {
          path: ['cases', at, later],
          place: document.placeOfKey(['cases', at, later]),
          found: `a command of another protocol, “${later}”, which this version cannot read`,
          allowed: `one of ${KINDS.join(', ')}`,
        },
      ]
    }
    if (KINDS.some((kind) => kind in one)) return []
    return [
      {
        path: ['cases', at],
        place: document.placeOf(['cases', at]),
        found: 'a case without a command',
        allowed: `exactly one of ${KINDS.join(', ')}, such as sql: DELETE FROM orders`,
      },
    ]
  })
}

// Of a case in which `commandProblems` found none.
export function commandOf({ sql }: CommandCase): CaseCommand {
  if (sql === undefined) throw new Error('a case has no command')
  return { protocol: 'postgres', text: sql }
}

function casesIn(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null || !('cases' in value)) return []
  return Array.isArray(value.cases) ? value.cases : []
}
