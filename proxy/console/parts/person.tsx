// Who somebody is: the name, what kind, and for whom it acts. The subject is what counts, so it is there
// on hover even where a friendlier name is shown.
import type { Person as Who } from '../api/answers.js'
import { onOneLine } from '../reading/printable.js'

type Props = { readonly who: Pick<Who, 'subject' | 'name' | 'kind' | 'issuer' | 'actor'> }

export function nameOf({ name, subject }: Pick<Who, 'subject' | 'name'>): string {
  return onOneLine(name === '' ? subject : name, 80)
}

// Alice, through the agent that acts for her: the actor is at the keyboard.
export function Person({ who }: Props) {
  const actors = who.actor ?? []
  // Where the name is the program's own, the subject says for whom it acts.
  const own = actors.some(({ subject }) => subject === who.name)
  const name = nameOf(own ? { ...who, name: '' } : who)
  return (
    <span class="person" title={onOneLine(`${who.subject} of ${who.issuer}`)}>
      {actors.length > 0 ? (
        <>
          <b>{actors.map(({ subject }) => onOneLine(subject, 80)).join(', for ')}</b> for{' '}
          <b>{name}</b>
        </>
      ) : (
        <b>{name}</b>
      )}{' '}
      <span class={`kind kind-${who.kind}`}>{onOneLine(who.kind, 20)}</span>
    </span>
  )
}
