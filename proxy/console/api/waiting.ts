// How many requests wait for an answer that the viewer may see: shown beside the sections, and in the title
// of the window, so that a tab in the background tells it, too.
import { signal } from '@preact/signals'

export const waiting = signal(0)
