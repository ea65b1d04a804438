// The statements of a script for psql, as psql would send them: cut at semicolons outside of quotes,
// comments, parentheses and the bodies of functions; its own commands and the data of copies left out.

export function statementsOf(script: string): readonly string[] {
  const statements: string[] = []
  let text = ''
  let depth = 0
  let copies = false
  for (const token of tokensOf(script)) {
    if (copies) {
      // Data up to the line that ends it.
      copies = !(token.startsWith('\\.') || token.includes('\n\\.'))
      continue
    }
    if (token.startsWith('\\')) {
      // \gset and its kin send what stands before them.
      if (/^\\(g|crosstab)/.test(token) && text.trim() !== '') statements.push(text.trim())
      if (/^\\(g|crosstab)/.test(token)) text = ''
      continue
    }
    if (token === '(') depth++
    if (token === ')') depth = Math.max(0, depth - 1)
    if (token !== ';' || depth > 0 || isInBody(text)) {
      text += token
      continue
    }
    if (text.trim() !== '') statements.push(text.trim())
    copies = /^\s*copy\b.*\bfrom\s+stdin/is.test(text)
    text = ''
    depth = 0
  }
  if (text.trim() !== '') statements.push(text.trim())
  return statements
}

const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?\*\/|[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|\\[^\n]*|[;()]|\w+|\s+|[\s\S]/g

function* tokensOf(script: string): Generator<string> {
  for (const [token] of script.matchAll(TOKEN)) {
    if (token.startsWith('--')) yield ' '
    else yield token
  }
}

// BEGIN ATOMIC … END, in which CASE … END may stand.
function isInBody(text: string): boolean {
  const [, body] = text.split(/\bbegin\s+atomic\b/i)
  if (body === undefined) return false
  const opened = body.match(/\bcase\b/gi)?.length ?? 0
  return (body.match(/\bend\b/gi)?.length ?? 0) <= opened
}
