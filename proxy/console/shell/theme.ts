// Light, dark, or as the system has it: kept in this browser, applied to the page's root.
import { effect, signal } from '@preact/signals'

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEPT = 'sallyport-theme'

function kept(): Theme {
  try {
    const value = localStorage.getItem(KEPT)
    return THEMES.find((theme) => theme === value) ?? 'system'
  } catch {
    return 'system'
  }
}

export const theme = signal<Theme>(kept())

export function applyTheme(): void {
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value
    try {
      localStorage.setItem(KEPT, theme.value)
    } catch (problem) {
      // A browser that keeps nothing shows the choice until the page is left.
      console.debug(problem)
    }
  })
}
