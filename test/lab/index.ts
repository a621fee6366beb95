// The lab: real Debian hosts with systemd and sshd on one machine, for the tests and by hand.
export { ensureTools } from './apt.js'
export { busyboxRootfs, busyboxTarball } from './busybox.js'
export { cacheDir } from './cache.js'
export { ensureEngine } from './engine.js'
export { labDown, labList } from './fleet.js'
export { attach, type LabHost, labHost, labKey } from './host.js'
export { ensureImage, type Release, releases } from './images.js'
export { docker, pause, type RunResult, run, tryDocker } from './run.js'
