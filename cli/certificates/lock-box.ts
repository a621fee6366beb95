// Locks a private key with a passphrase, as age does: anybody with the tool `age` can open it again.
import { messageOf, usageError } from '../../core/errors.js'
import type { Secret } from '../../core/secret.js'

/** The text as an armored age file. */
export async function lockUp(text: string, passphrase: Secret): Promise<string> {
  const { armor, Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  encrypter.setPassphrase(passphrase.reveal())
  return armor.encode(await encrypter.encrypt(text))
}

/** The text of an armored age file. A usage error that names the file when the passphrase does not open it. */
export async function unlock(armored: string, passphrase: Secret, file: string): Promise<string> {
  const { armor, Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  decrypter.addPassphrase(passphrase.reveal())
  try {
    return await decrypter.decrypt(armor.decode(armored), 'text')
  } catch (error) {
    throw usageError(`${file} does not open: ${messageOf(error)}`, {
      hint: `is the secret ${passphrase.name} the passphrase that it was locked with?`,
      cause: error,
    })
  }
}
