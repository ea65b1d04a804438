// One file of a bundle, before and after: lines that went and lines that came, marked by sign and colour.
import { lineDiff, type DiffLine } from '../reading/line-diff.js'
import { printable } from '../reading/printable.js'

type Props = {
  readonly before?: string | null
  readonly after?: string | null
  readonly diff?: string
}

const SIGNS: Readonly<Record<DiffLine['kind'], string>> = {
  same: ' ',
  gone: '−',
  new: '+',
  skipped: '⋯',
}

export function DiffView({ before, after, diff }: Props) {
  const lines = diff === undefined ? lineDiff(before ?? '', after ?? '') : unified(diff)
  return (
    <pre class="diff" tabIndex={0} role="region" aria-label="lines that changed">
      {lines.map(({ kind, text }, at) => (
        <span key={at} class={`diff-line diff-${kind}`}>
          <span class="diff-sign">{SIGNS[kind]}</span>
          {printable(text)}
          {'\n'}
        </span>
      ))}
    </pre>
  )
}

function unified(diff: string): readonly DiffLine[] {
  return diff.split('\n').map((line): DiffLine => {
    if (line.startsWith('+++') || line.startsWith('---') || line.startsWith('@@')) {
      return { kind: 'skipped', text: line.startsWith('@@') ? line : '' }
    }
    const text = line.slice(1)
    if (line.startsWith('+')) return { kind: 'new', text }
    return line.startsWith('-') ? { kind: 'gone', text } : { kind: 'same', text }
  })
}
