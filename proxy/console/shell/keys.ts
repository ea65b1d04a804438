// Keys that do something: one table that the help overlay shows, one listener. Keys typed into a field
// are left to the field, and keys with Ctrl, Alt or Meta to the browser.
import { signal } from '@preact/signals'
import { useLayoutEffect } from 'preact/hooks'

export type Key = {
  // As `KeyboardEvent.key` has it; two with a space between are pressed one after the other.
  readonly press: string
  readonly does: string
  readonly run: () => void
  // Where it is listed in the help.
  readonly where: string
}

const active = signal<readonly Key[]>([])
export const shownKeys = active
export const helpOpen = signal(false)

const SEQUENCE_MS = 1_200
let first = ''
let since = 0

export function useKeys(keys: readonly Key[], on: readonly unknown[]): void {
  useLayoutEffect(() => {
    active.value = [...active.peek(), ...keys]
    return () => {
      active.value = active.peek().filter((key) => !keys.includes(key))
    }
  }, on)
}

export function listenForKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (event.key === 'Escape' && helpOpen.value) {
      helpOpen.value = false
      return
    }
    if (takesText(event.target) || document.querySelector('dialog[open]') !== null) return
    const together = Date.now() - since < SEQUENCE_MS ? `${first} ${event.key}` : ''
    // A button or link does its own work on Enter and space.
    const own = takesPress(event.target) && (event.key === ' ' || event.key === 'Enter')
    const found =
      active.value.findLast(({ press }) => press === together) ??
      active.value.findLast(({ press }) => press === event.key && !own)
    first = event.key
    since = Date.now()
    if (found === undefined) return
    event.preventDefault()
    first = ''
    found.run()
  })
}

function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement)
    return !['range', 'checkbox', 'radio'].includes(target.type)
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
}

function takesPress(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('a, button, summary') !== null
}
