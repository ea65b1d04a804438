// About how many words and signs a text has outside of plain quotes: what parsing it will cost.

const QUOTE = 39
const IS_WORD = /[\p{L}\p{N}_$]/u

// An upper bound is enough: quotes of other kinds, comments and dollar quotes are counted as words.
export function tokensAbout(text: string): number {
  let tokens = 0
  let inWord = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = text.indexOf("'", at + 1)
      at = end === -1 ? text.length : end
      inWord = false
      tokens += 1
      continue
    }
    if (code <= 32) {
      inWord = false
      continue
    }
    const word = isWord(code)
    if (!word || !inWord) tokens += 1
    inWord = word
  }
  return tokens
}

function isWord(code: number): boolean {
  if (code < 128) {
    return (
      (code >= 48 && code <= 57) ||
      (code >= 65 && code <= 90) ||
      (code >= 97 && code <= 122) ||
      code === 95 ||
      code === 36
    )
  }
  return IS_WORD.test(String.fromCharCode(code))
}
