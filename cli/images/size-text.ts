// Bytes and moments as lists of images show them.

/** "912 kB", "12.3 MB", "1.20 GB". */
export const sizeText = (bytes: number): string => {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}

/** The day, of seconds since 1970; empty for 0, which means that nobody knows. */
export const dayText = (seconds: number): string =>
  seconds === 0 ? '' : new Date(seconds * 1000).toISOString().slice(0, 10)

/** The first digits of an id. */
export const shortId = (id: string): string => id.replace('sha256:', '').slice(0, 12)
