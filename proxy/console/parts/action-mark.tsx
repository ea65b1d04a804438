// A decision as a mark: colour, sign and word together, so that no one of them has to be seen.
import { wordOf, type Meaning } from '../reading/action-words.js'
import { Icon } from './icon.js'

type Props = { readonly meaning: Meaning; readonly word?: string; readonly small?: boolean }

export function ActionMark({ meaning, word, small = false }: Props) {
  return (
    <span class={`mark mark-${meaning}${small ? ' mark-small' : ''}`}>
      <Icon name={meaning} size={small ? 10 : 12} />
      <span class={small ? 'unseen' : ''}>{word ?? wordOf(meaning)}</span>
    </span>
  )
}
