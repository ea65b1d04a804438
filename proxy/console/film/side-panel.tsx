// Beside the screen: why it was decided so, by which rules, on which facts, and what went to the target
// in its place.
import { ActionMark } from '../parts/action-mark.js'
import { FlowTree } from '../parts/flow-tree.js'
import { RuleList } from '../parts/rule-list.js'
import { SqlText } from '../parts/sql-text.js'
import { meaningOf } from '../reading/action-words.js'
import { shortName, toneOf, verbOf, whereOf } from '../reading/effect-words.js'
import { onOneLine, printable } from '../reading/printable.js'
import type { FilmEntry } from './film-answers.js'

export function SidePanel({ entry }: { readonly entry: FilmEntry }) {
  const { rules, under, facts, rewritten, refusal, incidents } = entry
  const command = facts?.command
  return (
    <aside class="side" aria-label="Why">
      <section>
        <h2>Decision</h2>
        <p class="side-decision">
          <ActionMark meaning={meaningOf(entry.action)} word={entry.action} />
        </p>
        {refusal === undefined ? null : <p class="told told-error">{printable(refusal)}</p>}
        <RuleList rules={rules} none="No rule objected." />
      </section>
      {under === undefined ? null : (
        <section>
          <h2>Under the other policy</h2>
          <p class="side-decision">
            <ActionMark meaning={meaningOf(under.action)} word={under.action} />
            {under.parted ? null : <span class="muted">the same</span>}
          </p>
          <RuleList rules={under.rules} none="No rule would object." />
          {under.notes?.map((note) => (
            <p key={note} class="fine muted">
              {onOneLine(note, 300)}
            </p>
          ))}
        </section>
      )}
      {rewritten === undefined ? null : (
        <section>
          <h2>What the target got in its place</h2>
          <SqlText text={rewritten} label="rewritten command" />
        </section>
      )}
      {command === undefined ? null : (
        <>
          <section>
            <h2>What it does</h2>
            <ul class="effects">
              {command.effects.map((effect, at) => (
                <li key={at} class={`effect effect-${toneOf(effect)}`}>
                  <span class="effect-op">{verbOf(effect.op)}</span>{' '}
                  <b class="mono">{onOneLine(shortName(effect.object), 120)}</b>
                  {whereOf(effect) === undefined ? null : (
                    <span class="effect-where">{whereOf(effect)}</span>
                  )}
                </li>
              ))}
            </ul>
          </section>
          {command.flows.length === 0 ? null : (
            <section>
              <h2>Where labelled values go</h2>
              <FlowTree flows={command.flows} />
            </section>
          )}
        </>
      )}
      {facts === undefined ? null : (
        <details class="facts">
          <summary>All facts</summary>
          <pre tabIndex={0}>{printable(JSON.stringify(facts, null, 2))}</pre>
        </details>
      )}
      {incidents?.map(({ event, detail }, at) => (
        <p key={at} class="told">
          <b>{onOneLine(event, 40)}</b> {printable(detail)}
        </p>
      ))}
    </aside>
  )
}
