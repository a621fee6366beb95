// The part of a terminal that is drawn over and over: a frame at the bottom, and lines that scroll away above it.

/** What a screen writes to: a terminal, or something that acts like one. */
export interface ScreenStream {
  write(text: string): unknown
  readonly columns?: number
  readonly rows?: number
}

/** A line of a frame: the text as drawn, and the columns that it takes. */
export interface FrameLine {
  text: string
  columns: number
}

export interface ScreenOptions {
  /** The lines of the frame, none wider than `columns`. */
  frame(columns: number, rows: number): FrameLine[]
  everyMs?: number
}

const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'
const clearBelow = '\u001b[0J'
const up = (lines: number): string => (lines > 0 ? `\u001b[${lines}A` : '')

/** Draws a frame on a timer while it is open. Opened and closed in pairs, possibly nested; the outermost pair counts. */
export class Screen {
  readonly #stream: ScreenStream
  readonly #options: ScreenOptions
  #timer: NodeJS.Timeout | undefined
  #opened = 0
  #asides = 0
  #above: string[] = []
  #drawn: FrameLine[] = []

  constructor(stream: ScreenStream, options: ScreenOptions) {
    this.#stream = stream
    this.#options = options
  }

  open(): void {
    this.#opened += 1
    if (this.#opened > 1) return
    this.#stream.write(hideCursor)
    this.#timer = setInterval(() => this.#draw(), this.#options.everyMs ?? 100)
    this.#timer.unref()
  }

  /** Puts lines above the frame: with the next drawing, or at once where nothing is drawn. */
  print(lines: readonly string[]): void {
    if (lines.length === 0) return
    this.#above.push(...lines)
    if (this.#opened === 0 && this.#asides === 0) this.#stream.write(this.#takeAbove())
  }

  /** Runs work with the frame and the cursor out of the way, until it (or its promise) has ended. */
  aside<T>(work: () => T): T {
    this.#asides += 1
    if (this.#asides === 1 && this.#opened > 0) this.#stream.write(`${this.#erase()}${this.#takeAbove()}${showCursor}`)
    const back = (): void => {
      this.#asides -= 1
      if (this.#asides > 0) return
      if (this.#opened > 0) this.#stream.write(hideCursor)
      else this.#stream.write(this.#takeAbove())
    }
    let result: T
    try {
      result = work()
    } catch (error) {
      back()
      throw error
    }
    if (result instanceof Promise) result.then(back, back)
    else back()
    return result
  }

  /** Takes the frame away and gives the cursor back; what was to be printed above stays. */
  close(): void {
    if (this.#opened === 0) return
    this.#opened -= 1
    if (this.#opened === 0) this.#leave()
  }

  /** Closes whatever is open, at once: the terminal is as it was when this returns. */
  end(): void {
    if (this.#opened === 0) return
    this.#opened = 0
    this.#leave()
  }

  #leave(): void {
    clearInterval(this.#timer)
    this.#stream.write(`${this.#erase()}${this.#takeAbove()}${showCursor}`)
  }

  #takeAbove(): string {
    const text = this.#above.map(line => `${line}\n`).join('')
    this.#above = []
    return text
  }

  /** A terminal made narrower since the last drawing has folded its lines: count the rows as they are now. */
  #erase(): string {
    if (this.#drawn.length === 0) return ''
    const columns = this.#stream.columns ?? 80
    const rows = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.columns / columns)), 0)
    this.#drawn = []
    return `\r${up(rows - 1)}${clearBelow}`
  }

  #draw(): void {
    if (this.#asides > 0) return
    const frame = this.#options.frame(this.#stream.columns ?? 80, this.#stream.rows ?? 24)
    const same = frame.length === this.#drawn.length && frame.every((line, at) => line.text === this.#drawn[at]?.text)
    if (same && this.#above.length === 0) return
    this.#stream.write(`${this.#erase()}${this.#takeAbove()}${frame.map(line => line.text).join('\n')}`)
    this.#drawn = frame
  }
}
