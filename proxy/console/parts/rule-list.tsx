// Rules that spoke, most severe first: what was wrong, and what would pass.
import type { Rule } from '../../../engine/schemas/decision.js'
import { printable } from '../reading/printable.js'

type Props = { readonly rules: readonly Rule[]; readonly none: string }

export function RuleList({ rules, none }: Props) {
  if (rules.length === 0) return <p class="muted">{none}</p>
  return (
    <ul class="rules">
      {rules.map(({ id, message, hint }) => (
        <li key={id} class="rule">
          <p>{printable(message)}</p>
          {hint === undefined ? null : <p class="muted">What would pass: {printable(hint)}</p>}
          <a class="rule-id" href={`/policies/rules?rule=${encodeURIComponent(id)}`}>
            {printable(id)}
          </a>
        </li>
      ))}
    </ul>
  )
}
