// The time as pages show it: one clock that ticks once a second for all of them.
import { signal } from '@preact/signals'

export const now = signal(Date.now())

setInterval(() => {
  now.value = Date.now()
}, 1000)
