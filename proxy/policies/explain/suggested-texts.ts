// What would pass, as a text that can be sent: the command with one small change, read and judged anew as the
// gateway would.
import type { Catalogue } from '../../../engine/facts/postgres/catalogue.js'
import type { Action } from '../../../engine/schemas/decision.js'
import type { Rehearsal, Rehearsed } from '../rehearsal/rehearse.js'
import { textEdits } from './text-edits.js'

export type SuggestedText = {
  readonly words: string
  readonly sql: string
  readonly action: Exclude<Action, 'deny'>
}

// `run` judges a text; one with parameters as a prepared statement.
export async function suggestedTexts(
  refused: Pick<Rehearsed, 'text' | 'facts' | 'action'>,
  catalogue: Catalogue,
  run: (sql: string, message: 'simple' | 'extended') => Promise<Rehearsal>,
): Promise<readonly SuggestedText[]> {
  const { text, facts, action } = refused
  if (facts.command === undefined || (action !== 'deny' && action !== 'require-approval')) return []
  const found: SuggestedText[] = []
  for (const { words, sql } of textEdits(text, facts.command, catalogue)) {
    const { statements, syntaxError } = await run(sql, /\$\d/.test(sql) ? 'extended' : 'simple')
    const [one, another] = statements
    if (syntaxError !== undefined || one === undefined || another !== undefined) continue
    if (one.action === 'deny' || one.action === action) continue
    found.push({ words, sql, action: one.action })
  }
  return found
}
