// Labels of a target. Production is said loudly: whoever overlooks it approves something else.

const LOUD = /^(prod|production|live)$/i

export function Labels({
  labels,
}: {
  readonly labels: Readonly<Record<string, string>> | undefined
}) {
  const all = Object.entries(labels ?? {}).sort(
    ([a, x], [b, y]) => Number(loud(b, y)) - Number(loud(a, x)) || a.localeCompare(b),
  )
  if (all.length === 0) return null
  return (
    <span class="labels">
      {all.map(([name, value]) => (
        <span key={name} class={loud(name, value) ? 'label label-loud' : 'label'}>
          <span class="label-name">{name}:</span> {value}
        </span>
      ))}
    </span>
  )
}

function loud(name: string, value: string): boolean {
  return name === 'env' && LOUD.test(value)
}
