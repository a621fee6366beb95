// A terminal made of text, for tests: understands what our reports write, and tells what a person would see.

/** What was written to it, as rows: what scrolled away and what is on the screen. */
export class FakeTerminal {
  columns: number
  rows: number
  readonly isTTY = true
  cursorShown = true
  /** Everything that was written, control sequences included. */
  written = ''
  #lines: string[] = ['']
  #row = 0
  #column = 0

  constructor(columns: number, rows: number) {
    this.columns = columns
    this.rows = rows
  }

  write(text: string): boolean {
    this.written += text
    const pattern = /\u001b\[([?0-9;]*)([A-Za-z])|[\s\S]/gu
    for (const [found, value = '', letter] of text.matchAll(pattern)) {
      if (letter !== undefined) this.#control(value, letter)
      else if (found === '\n') this.#down()
      else if (found === '\r') this.#column = 0
      else this.#put(found)
    }
    return true
  }

  #control(value: string, letter: string): void {
    if (letter === 'A') this.#row = Math.max(0, this.#row - Number(value || 1))
    else if (letter === 'J') {
      this.#lines.length = this.#row + 1
      this.#lines[this.#row] = (this.#lines[this.#row] ?? '').slice(0, this.#column)
    } else if (value === '?25') this.cursorShown = letter === 'h'
    else if (letter !== 'm') throw new Error(`the fake terminal does not know ${value}${letter}`)
  }

  #down(): void {
    this.#row += 1
    this.#column = 0
    this.#lines[this.#row] ??= ''
  }

  #put(letter: string): void {
    if (this.#column >= this.columns) this.#down()
    const line = (this.#lines[this.#row] ?? '').padEnd(this.#column)
    this.#lines[this.#row] = line.slice(0, this.#column) + letter + line.slice(this.#column + 1)
    this.#column += 1
  }

  /** Makes the terminal narrower, which folds the rows that no longer fit. */
  fold(columns: number): void {
    this.columns = columns
    const folded = this.#lines.map(line => line.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? [''])
    this.#row = folded.slice(0, this.#row + 1).flat().length - 1
    this.#lines = folded.flat()
    this.#column = this.#column % columns
  }

  /** All rows, from the first one, without blanks at the ends of rows. */
  get text(): string {
    return this.#lines.map(line => line.trimEnd()).join('\n')
  }
}
