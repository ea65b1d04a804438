// Rego texts cut into their rules, each with the id of its METADATA: enough to say which rules differ
// between two bundles and which words they use. Relies on the form that `opa fmt` gives: what begins a line
// begins a rule.

export type RuleChunk = {
  readonly file: string
  readonly line: number
  // `deny.update`, `_wide`, `human` …
  readonly name: string
  // `custom.id` of its METADATA.
  readonly id: string | undefined
  // Without comments, white space evened out.
  readonly text: string
}

export function ruleChunks(files: ReadonlyMap<string, Buffer>): readonly RuleChunk[] {
  return [...files].flatMap(([file, bytes]) =>
    file.endsWith('.rego') ? chunksOf(file, bytes.toString('utf8')) : [],
  )
}

function chunksOf(file: string, text: string): readonly RuleChunk[] {
  const chunks: RuleChunk[] = []
  let id: string | undefined
  let open: { line: number; name: string; id: string | undefined; lines: string[] } | undefined
  const close = (): void => {
    if (open === undefined) return
    const { lines, ...rest } = open
    chunks.push({ ...rest, file, text: evened(lines.join('\n')) })
    open = undefined
  }
  for (const [at, line] of text.split('\n').entries()) {
    if (line.startsWith('#')) {
      close()
      id = /^#\s+id:\s*["']?([^"'\s]+)/.exec(line)?.[1] ?? id
      continue
    }
    const head = /^(?:default\s+)?([A-Za-z_][\w.]*(?:\["[^"]*"\])?)/.exec(line)
    const name = head?.[1] ?? ''
    if (name === 'package' || name === 'import') {
      close()
      id = undefined
      continue
    }
    // A rule goes on over lines that are indented, and over those that close or continue it.
    if (name !== '' && name !== 'else') {
      close()
      open = { line: at + 1, name, id, lines: [line] }
      id = undefined
    } else if (line.trim() === '') close()
    else open?.lines.push(line)
  }
  close()
  return chunks
}

function evened(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/\s#\s.*$/, '').trim())
    .filter((line) => line !== '')
    .join('\n')
}
