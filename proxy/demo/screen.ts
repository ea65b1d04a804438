// What the demo prints: colours and a spinner on a terminal, plain lines elsewhere.

export type Screen = {
  readonly line: (text?: string) => void
  readonly title: (text: string) => void
  // Runs slow work behind a spinner (a terminal) or a line before and after it (elsewhere).
  readonly during: <T>(what: string, work: Promise<T>) => Promise<T>
  readonly paint: Paint
}

export type Paint = Readonly<
  Record<'dim' | 'bold' | 'green' | 'red' | 'yellow' | 'blue', (text: string) => string>
>

export type Out = {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 80

export function screenOn(out: Out, colours: boolean): Screen {
  const paint = paintWith(colours)
  const line = (text = ''): void => void out.write(`${text}\n`)
  return {
    line,
    paint,
    title: (text) => line(`\n${paint.bold(text)}`),
    during: (what, work) =>
      out.isTTY === true ? spinning(out, what, work, paint) : told(line, what, work),
  }
}

function paintWith(colours: boolean): Paint {
  const code = (on: number, off: number) => (text: string) =>
    colours ? `\u001b[${on}m${text}\u001b[${off}m` : text
  return {
    dim: code(2, 22),
    bold: code(1, 22),
    green: code(32, 39),
    red: code(31, 39),
    yellow: code(33, 39),
    blue: code(36, 39),
  }
}

async function spinning<T>(out: Out, what: string, work: Promise<T>, paint: Paint): Promise<T> {
  const started = Date.now()
  let frame = 0
  const timer = setInterval(() => {
    const seconds = Math.floor((Date.now() - started) / 1000)
    const waited = seconds > 2 ? paint.dim(` ${seconds} s`) : ''
    out.write(`\r\u001b[2K${paint.blue(FRAMES[frame++ % FRAMES.length] ?? '')} ${what}${waited}`)
  }, FRAME_MS)
  const settled = (mark: string): void => {
    clearInterval(timer)
    out.write(`\r\u001b[2K${mark} ${what}\n`)
  }
  try {
    const result = await work
    settled(paint.green('✓'))
    return result
  } catch (problem) {
    settled(paint.red('✗'))
    throw problem
  }
}

async function told<T>(line: (text: string) => void, what: string, work: Promise<T>): Promise<T> {
  line(`… ${what}`)
  const result = await work
  line(`✓ ${what}`)
  return result
}
