// Containers, from the raw file to what each host's engine shall have.
export { checkContainers } from './check.js'
export { imageSchema } from './schema/image.js'
export { networkSchema, volumeSchema } from './schema/network-volume.js'
export { serviceSchema } from './schema/service.js'
export { type WantedResult, wantedByHost } from './wanted-by-host.js'
