// `sallyport sessions`: who was here and what they did, as the record and the recordings tell it. Reads
// only; one verb a file.
import { commandOfVerbs, type Verbs } from './verbs.js'

const VERBS: Verbs = {
  list: {
    summary: 'the recorded sessions, oldest first',
    load: () => import('./sessions/list.js'),
  },
  show: {
    summary: 'one session: each command, what was decided and what came of it',
    load: () => import('./sessions/show.js'),
  },
  live: {
    summary: 'those open now at a running gateway',
    load: () => import('./sessions/live.js'),
  },
  end: {
    summary: 'end a live one; its client is told why',
    load: () => import('./sessions/end.js'),
  },
  replay: {
    summary: 'watch one like a film, at its pace, also under another bundle',
    load: () => import('./sessions/replay.js'),
  },
  export: {
    summary: 'one for other tools: JSON lines, CSV, asciicast, OCSF, OpenTelemetry',
    load: () => import('./sessions/export.js'),
  },
}

export const { help, hasVerbs, run } = commandOfVerbs('sessions', VERBS, {
  usage: 'sallyport sessions VERB [ARGUMENTS]   what was done, by whom, and what they saw',
  closing: `sallyport sessions VERB --help says more. The first letters of a session’s id are enough; latest
names the last opened. A record is named by --record DIR or by --config FILE; left out, it is
.sallyport/record.
Exit status: 0 shown, 1 no such session or the record cannot be read, 2 wrong usage.
`,
})
