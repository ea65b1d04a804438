// What the command would change: what its facts say, and what a read-only look at the target found.
import type { Approval } from '../api/answers.js'
import { Icon } from '../parts/icon.js'
import { count, counted } from '../reading/counts.js'
import { shortName, toneOf, verbOf, whereOf } from '../reading/effect-words.js'
import { onOneLine } from '../reading/printable.js'

export function ApprovalConsequence({ approval }: { readonly approval: Approval }) {
  const { effects, consequence } = approval
  const rows = consequence?.count ?? consequence?.estimate
  return (
    <section class="card" aria-label="What it will change">
      <h2>What it will change</h2>
      {rows === undefined ? null : (
        <p class="rows-told">
          <b class="rows-number">{count(rows)}</b>{' '}
          {consequence?.count === undefined
            ? 'rows, as the target estimates'
            : 'rows, counted just now'}
        </p>
      )}
      <ul class="effects">
        {effects.map((effect, at) => (
          <li key={at} class={`effect effect-${toneOf(effect)}`}>
            <span class="effect-op">{verbOf(effect.op)}</span>{' '}
            <b class="mono">{onOneLine(shortName(effect.object), 120)}</b>
            {effect.labels === undefined
              ? null
              : effect.labels.map((label) => (
                  <span key={label} class="label label-data">
                    {onOneLine(label, 40)}
                  </span>
                ))}
            {whereOf(effect) === undefined ? null : (
              <span class="effect-where">{whereOf(effect)}</span>
            )}
          </li>
        ))}
      </ul>
      {consequence?.cascades === undefined || consequence.cascades.length === 0 ? null : (
        <div class="found">
          <Icon name="chain" size={14} />
          <p>
            Reaches {counted(consequence.cascades.length, 'other table')} by foreign keys:{' '}
            {consequence.cascades.map(({ table, action, rows: many }, at) => (
              <span key={table}>
                {at === 0 ? '' : ', '}
                <b class="mono">{onOneLine(shortName(table), 80)}</b>
                {action === undefined ? '' : ` (${onOneLine(action, 40)})`}
                {many === undefined ? '' : `, ${counted(many, 'row')}`}
              </span>
            ))}
          </p>
        </div>
      )}
      {consequence?.locks === undefined || consequence.locks.length === 0 ? null : (
        <div class="found">
          <Icon name="lock" size={14} />
          <p>
            Locks{' '}
            {consequence.locks.map(({ object, mode }, at) => (
              <span key={object}>
                {at === 0 ? '' : ', '}
                <b class="mono">{onOneLine(shortName(object), 80)}</b> ({onOneLine(mode, 60)})
              </span>
            ))}
          </p>
        </div>
      )}
      {consequence?.notes?.map((note) => (
        <p key={note} class="fine muted">
          {onOneLine(note, 400)}
        </p>
      ))}
    </section>
  )
}
