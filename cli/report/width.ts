// How many terminal columns a text takes, and cutting it to fit: wide letters take two, combining marks none.

const zero = /\p{Mn}|\p{Me}|\p{Cf}|\p{Cc}/u
/** East Asian wide and full-width ranges (Unicode Standard Annex 11), and emoji that show as pictures. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const ascii = /^[\x20-\x7e]*$/

const widthOfLetter = (letter: string): number => (zero.test(letter) ? 0 : wide.test(letter) ? 2 : 1)

/** Columns that a text without escape sequences takes. */
export function width(text: string): number {
  if (ascii.test(text)) return text.length
  let columns = 0
  for (const letter of text) columns += widthOfLetter(letter)
  return columns
}

/** The text, cut to at most `columns` with an ellipsis where something was lost. */
export function cut(text: string, columns: number): string {
  if (columns <= 0) return ''
  if (width(text) <= columns) return text
  let kept = ''
  let used = 0
  for (const letter of text) {
    used += widthOfLetter(letter)
    if (used > columns - 1) break
    kept += letter
  }
  return `${kept.trimEnd()}…`
}

/** The text in lines of at most `columns`, broken at blanks; only a word that is longer stays as long as it is. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && width(line) + 1 + width(word) > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** The text, cut or filled with blanks to exactly `columns`. */
export function fit(text: string, columns: number): string {
  const short = cut(text, columns)
  return short + ' '.repeat(Math.max(0, columns - width(short)))
}
