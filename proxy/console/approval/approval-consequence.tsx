// What the command would change: what its facts say, and what a read-only look at the target found.
import type { Approval } from '../api/answers.js'
import { Icon } from '../parts/icon.js'
import { Instant } from '../parts/instant.js'
import { count, counted, sizeOf } from '../reading/counts.js'
import { shortName, toneOf, verbOf, whereOf } from '../reading/effect-words.js'
import { onOneLine } from '../reading/printable.js'

export function ApprovalConsequence({ approval }: { readonly approval: Approval }) {
  const { effects, consequence } = approval
  return (
    <section class="card" aria-label="What it will change">
      <h2>What it will change</h2>
      <Rows consequence={consequence} />
      <ul class="effects">
        {effects.map((effect, at) => (
          <li key={at} class={`effect effect-${toneOf(effect)}`}>
            <span class="effect-op">{verbOf(effect.op)}</span>{' '}
            <b class="mono">{onOneLine(shortName(effect.object), 120)}</b>
            {(effect.labels ?? []).map((label) => (
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
      {consequence === undefined ? null : <Found consequence={consequence} />}
    </section>
  )
}

type Found = { readonly consequence: NonNullable<Approval['consequence']> }

function Rows({ consequence }: { readonly consequence: Approval['consequence'] }) {
  const rows = consequence?.count ?? consequence?.estimate
  if (rows === undefined) return null
  return (
    <p class="rows-told">
      <b class="rows-number">{count(rows)}</b>{' '}
      {consequence?.count === undefined
        ? `${rows === 1 ? 'row' : 'rows'}, as the target estimates`
        : `${rows === 1 ? 'row' : 'rows'}, counted when it was held`}
    </p>
  )
}

function Found({ consequence }: Found) {
  const { cascades, locks, sizes, notes, at } = consequence
  return (
    <>
      {cascades.length === 0 ? null : (
        <div class="found">
          <Icon name="chain" size={14} />
          <div>
            <p>Reaches {counted(cascades.length, 'other object')}:</p>
            <ul>
              {cascades.map(({ table, action, by }) => (
                <li
                  key={`${table} ${by ?? ''}`}
                  title={by === undefined ? '' : onOneLine(`by ${by}`)}
                >
                  <b class="mono">{onOneLine(shortName(table), 80)}</b>{' '}
                  <span class="muted">{onOneLine(action, 60)}</span>
                </li>
              ))}
            </ul>
          </div>
        </div>
      )}
      {sizes.map(({ object, rows, bytes }) => (
        <p key={object} class="found">
          <Icon name="rows" size={14} />
          <span>
            <b class="mono">{onOneLine(shortName(object), 80)}</b> has{' '}
            {rows === undefined ? '' : `about ${counted(rows, 'row')}, `}
            {sizeOf(bytes)}
          </span>
        </p>
      ))}
      {locks.map(({ object, mode, blocks }) => (
        <p key={object} class="found">
          <Icon name="lock" size={14} />
          <span>
            Locks <b class="mono">{onOneLine(shortName(object), 80)}</b> ({onOneLine(mode, 60)})
            <span class="muted">: {onOneLine(blocks, 200)}</span>
          </span>
        </p>
      ))}
      {notes.length === 0 ? null : (
        <p class="fine muted found-notes">
          Not found out: {notes.map((note) => onOneLine(note, 200)).join('; ')}
        </p>
      )}
      <p class="fine muted found-notes">
        Looked at <Instant at={at} />, without changing anything.
      </p>
    </>
  )
}
