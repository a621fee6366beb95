// Tells what users can mend from what is a mistake of ours.
import { UserError } from '../errors.js'

/** True for an error that is for the user. */
export const isUserProblem = (error: unknown): error is UserError => error instanceof UserError
