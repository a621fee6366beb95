// The sections of a Compose file that join those of the project.

export const sections = ['services', 'networks', 'volumes', 'configs', 'secrets'] as const
