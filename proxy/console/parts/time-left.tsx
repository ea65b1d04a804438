// How long a request still waits: words, and a bar that shortens.
import { lengthOf, utcTime } from '../reading/spans-of-time.js'
import { now } from '../shell/now.js'

const HURRY_MS = 60_000

export function TimeLeft({ from, until }: { readonly from: string; readonly until: string }) {
  const left = Date.parse(until) - now.value
  const whole = Math.max(1, Date.parse(until) - Date.parse(from))
  const part = Math.min(1, Math.max(0, left / whole))
  return (
    <span
      class={left < HURRY_MS ? 'left left-hurry' : 'left'}
      title={`until ${utcTime(Date.parse(until))}`}
    >
      <span class="left-bar" aria-hidden="true">
        <span style={{ width: `${Math.round(part * 100)}%` }} />
      </span>
      {left > 0 ? `${lengthOf(left)} left` : 'time is up'}
    </span>
  )
}
