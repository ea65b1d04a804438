// Where values of labelled columns go: one branch for each column, what it passed, and where it ends.
import type { Flow } from '../../../engine/schemas/facts.js'
import { onOneLine } from '../reading/printable.js'
import { shortName } from '../reading/effect-words.js'

const SINKS: Readonly<Record<Flow['to'], string>> = {
  output: 'a column of the answer',
  predicate: 'a condition',
  join: 'a join',
  order: 'an order',
  group: 'a grouping',
  aggregate: 'an aggregate',
  write: 'a table',
  copy: 'a copy out',
  argument: 'an argument',
  notice: 'a message',
}

export function FlowTree({ flows }: { readonly flows: readonly Flow[] }) {
  const columns = [...new Set(flows.map(({ from }) => from))]
  return (
    <ul class="flows">
      {columns.map((column) => {
        const own = flows.filter(({ from }) => from === column)
        return (
          <li key={column}>
            <span class="flow-from">
              <b class="mono">{onOneLine(shortName(column), 120)}</b>
              {(own[0]?.labels ?? []).map((label) => (
                <span key={label} class="label label-data">
                  {onOneLine(label, 40)}
                </span>
              ))}
            </span>
            <ul>
              {own.map((flow, at) => (
                <li
                  key={at}
                  class={flow.to === 'output' || flow.to === 'copy' ? 'flow flow-out' : 'flow'}
                >
                  {flow.through.map((step, place) => (
                    <span key={place} class="flow-step">
                      <code>{onOneLine(step, 60)}</code>
                      <span aria-label="then"> → </span>
                    </span>
                  ))}
                  <span class="flow-to">
                    {flow.output === undefined
                      ? SINKS[flow.to]
                      : `column ${flow.output + 1} of the answer`}
                  </span>
                </li>
              ))}
            </ul>
          </li>
        )
      })}
    </ul>
  )
}
