// Ids of steps that others elsewhere wait for, whichever verb they have.

/** The id of a container's step. */
export const containerStepId = (host: string, container: string): string => `${host}/container ${container}`

/** The id of an image's step. */
export const imageStepId = (host: string, ref: string): string => `${host}/image ${ref}`
