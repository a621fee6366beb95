// The lab: real Debian hosts with systemd and sshd on one machine, for the tests and by hand.
export { busybox, busyboxRootfs, busyboxTarball } from './busybox.js'
export { cacheDir } from './cache.js'
export { engineAnswers, ensureEngine } from './engine.js'
export { type LabEntry, labDown, labList } from './fleet.js'
export { attach, type HostOptions, type LabHost, labHost, labKey } from './host.js'
export { ensureImage, type ImageOptions, type Release, releases } from './images.js'
export { docker, pause, type RunOptions, type RunResult, run, tryDocker } from './run.js'
