// One statement that was tried: the decision first, then what would pass, then why: effects, where
// labelled values go, what would run in its place, and all facts.
import type { Tried } from '../api/answers.js'
import { ActionMark } from '../parts/action-mark.js'
import { FlowTree } from '../parts/flow-tree.js'
import { RuleList } from '../parts/rule-list.js'
import { SqlText } from '../parts/sql-text.js'
import { meaningOf } from '../reading/action-words.js'
import { shortName, toneOf, verbOf, whereOf } from '../reading/effect-words.js'
import { onOneLine, printable } from '../reading/printable.js'
import { lengthOf } from '../reading/spans-of-time.js'

const SENTENCES = {
  allow: 'It runs.',
  mask: 'It runs, and fields of the answer are masked.',
  hold: 'It waits until people have agreed.',
  deny: 'It does not run.',
} as const

export function TriedStatement({ tried, of }: { readonly tried: Tried; readonly of: number }) {
  const { text, decision, rewritten, answer, nearest = [] } = tried
  const facts = tried.facts
  const command = 'command' in facts && facts.command !== undefined ? facts.command : undefined
  const flows = tried.flows.length > 0 ? tried.flows : (command?.flows ?? [])
  const effects = command?.effects ?? []
  const meaning = meaningOf(decision.action)
  const stopped =
    answer !== undefined &&
    !answer.go &&
    answer.held !== true &&
    meaning !== 'deny' &&
    meaning !== 'hold'
  return (
    <article class="tried">
      <div class={`verdict verdict-${stopped ? 'deny' : meaning}`} role="status">
        <ActionMark meaning={meaning} word={decision.action} />
        <p>
          {stopped
            ? printable(answer.message ?? 'The gateway would refuse it.')
            : SENTENCES[meaning]}
        </p>
      </div>
      {of > 1 ? <SqlText text={text} effects={effects} flows={flows} /> : null}
      <div class="tried-grid">
        <section class="card" aria-label="Rules">
          <h2>Why</h2>
          <RuleList rules={decision.rules} none="No rule objects." />
          {decision.approval === undefined ? null : (
            <p class="notice">
              {decision.approval.quorum} of{' '}
              {decision.approval.approvers.map((group) => onOneLine(group, 60)).join(' or ')},
              within {lengthOf(decision.approval.expires_ms)}
            </p>
          )}
          {decision.masks.length === 0 ? null : (
            <ul class="masks">
              {decision.masks.map(({ match, method }, at) => (
                <li key={at}>
                  <code>{onOneLine(match, 120)}</code> <span class="muted">by {method}</span>
                </li>
              ))}
            </ul>
          )}
        </section>
        {nearest.length === 0 ? null : (
          <section class="card" aria-label="What would pass">
            <h2>What would pass</h2>
            {nearest.map((one, at) => (
              <div key={at} class="nearest">
                <p>
                  {printable(one.change)}
                  {one.action === undefined ? null : (
                    <>
                      {' '}
                      <ActionMark meaning={meaningOf(one.action)} word={one.action} />
                    </>
                  )}
                </p>
                {one.text === undefined ? null : (
                  <SqlText text={one.text} label="what would pass" />
                )}
              </div>
            ))}
          </section>
        )}
        {effects.length === 0 ? null : (
          <section class="card" aria-label="Effects">
            <h2>What it does</h2>
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
            {command?.unread.map(({ reason, detail }, at) => (
              <p key={at} class="notice notice-bad">
                Unread ({reason}): {printable(detail)}
              </p>
            ))}
          </section>
        )}
        {flows.length === 0 ? null : (
          <section class="card" aria-label="Flows">
            <h2>Where labelled values go</h2>
            <FlowTree flows={flows} />
          </section>
        )}
        {rewritten === undefined ? null : (
          <section class="card card-wide" aria-label="Rewritten">
            <h2>What the target gets in its place</h2>
            <SqlText text={rewritten} label="rewritten command" />
          </section>
        )}
        <details class="card card-wide facts">
          <summary>All facts</summary>
          <pre tabIndex={0}>{printable(JSON.stringify(tried.facts, null, 2))}</pre>
        </details>
      </div>
    </article>
  )
}
