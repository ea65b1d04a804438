// A time in the reader's zone; UTC is told on hover and to machines.
import { ago, localTime, utcTime } from '../reading/spans-of-time.js'
import { now } from '../shell/now.js'

type Props = { readonly at: string | number; readonly relative?: boolean }

export function Instant({ at, relative = false }: Props) {
  const ms = typeof at === 'number' ? at : Date.parse(at)
  if (Number.isNaN(ms)) return <span class="muted">at an unknown time</span>
  const words = localTime(ms, now.value)
  return (
    <time dateTime={new Date(ms).toISOString()} title={`${words} here, ${utcTime(ms)}`}>
      {relative ? ago(ms, now.value) : words}
    </time>
  )
}
