// Text that somebody else wrote, made safe to look at: control characters, terminal escapes and the marks
// that turn the direction of writing are shown as what they are, so that what is read is what is there.

// C0 without tab and line feed, DEL, C1; then zero-width, direction and other format characters, tags.
const UNSEEN =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

export function printable(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(UNSEEN, shown)
}

// The same on one line, for lists and titles.
export function onOneLine(text: string, charactersMax = 300): string {
  const line = printable(text.slice(0, charactersMax * 4))
    .replace(/\s+/g, ' ')
    .trim()
  return line.length > charactersMax ? `${line.slice(0, charactersMax - 1)}…` : line
}

function shown(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`
}
