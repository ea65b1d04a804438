// A command as people read it: what it touches stands out, labelled columns are marked, and nothing in
// it can be invisible.
import type { Effect, Flow } from '../../../engine/schemas/facts.js'
import { onOneLine, printable } from '../reading/printable.js'
import { touchedPieces } from '../reading/touched.js'

// Colouring longer texts would make the page slow, and nobody reads them by colour.
const COLOURED_MAX = 40_000

type Props = {
  readonly text: string
  readonly effects?: readonly Effect[]
  readonly flows?: readonly Flow[]
  readonly label?: string
}

export function SqlText({ text, effects = [], flows = [], label = 'command' }: Props) {
  return (
    <pre class="sql" tabIndex={0} role="region" aria-label={label}>
      <code>{text.length > COLOURED_MAX ? printable(text) : pieces(text, effects, flows)}</code>
    </pre>
  )
}

export function SqlInline({ text, effects = [] }: Omit<Props, 'label' | 'flows'>) {
  return <code class="sql-inline">{pieces(text, effects, [])}</code>
}

function pieces(text: string, effects: readonly Effect[], flows: readonly Flow[]) {
  return touchedPieces(text, effects, flows).map(({ text: raw, kind, touched, labels }, at) => {
    const words = printable(raw)
    if (touched !== undefined) {
      const { tone, object, ops } = touched
      return (
        <mark
          key={at}
          class={`touched touched-${tone}`}
          title={onOneLine(`${ops.join(', ')} ${object}`)}
        >
          {words}
        </mark>
      )
    }
    if (labels !== undefined) {
      return (
        <span key={at} class="labelled" title={onOneLine(`labels: ${labels.join(', ')}`)}>
          {words}
        </span>
      )
    }
    return kind === 'space' || kind === 'word' || kind === 'other' ? (
      words
    ) : (
      <span key={at} class={`sql-${kind}`}>
        {words}
      </span>
    )
  })
}
