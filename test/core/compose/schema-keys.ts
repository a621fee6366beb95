// Recorded: key names of schema/compose-spec.json, repository compose-spec/compose-go, commit 0035625512a6452282580c697fbcbca4857d188f.

/** By the definition that has them. */
export const schemaKeys = {
  file: 'version name include services models networks volumes secrets configs',
  service: `develop deploy annotations attach build blkio_config cap_add cap_drop cgroup cgroup_parent command configs container_name
    cpu_count cpu_percent cpu_shares cpu_quota cpu_period cpu_rt_period cpu_rt_runtime cpus cpuset credential_spec depends_on
    device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file label_file environment expose extends provider
    external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation labels links logging mac_address mem_limit
    mem_reservation mem_swappiness memswap_limit network_mode models networks oom_kill_disable oom_score_adj pid pids_limit platform
    ports post_start pre_stop privileged profiles pull_policy pull_refresh_after read_only restart runtime scale security_opt shm_size
    secrets sysctls stdin_open stop_grace_period stop_signal storage_opt tmpfs tty ulimits use_api_socket user uts userns_mode volumes
    volumes_from working_dir`,
  'service.build': `context dockerfile dockerfile_inline entitlements args ssh labels cache_from cache_to no_cache additional_contexts
    network provenance sbom pull target shm_size extra_hosts isolation privileged secrets tags ulimits platforms`,
  'service.blkio_config': 'device_read_bps device_read_iops device_write_bps device_write_iops weight weight_device',
  'service.depends_on': 'restart required condition',
  'service.devices': 'source target permissions',
  'service.logging': 'driver options',
  'service.networks':
    'aliases interface_name ipv4_address ipv6_address link_local_ips mac_address driver_opts priority gw_priority',
  'service.volumes': 'type source target read_only consistency bind volume tmpfs image',
  'service.volumes.bind': 'propagation create_host_path recursive selinux',
  'service.volumes.volume': 'labels nocopy subpath',
  'service.volumes.tmpfs': 'size mode',
  'service.healthcheck': 'disable interval retries test timeout start_period start_interval',
  'service.deploy':
    'mode endpoint_mode replicas labels rollback_config update_config resources restart_policy placement',
  'service.deploy.update_config': 'parallelism delay failure_action monitor max_failure_ratio order',
  'service.deploy.rollback_config': 'parallelism delay failure_action monitor max_failure_ratio order',
  'service.deploy.resources.limits': 'cpus memory pids',
  'service.deploy.resources.reservations': 'cpus memory generic_resources devices',
  'service.deploy.resources.reservations.devices': 'capabilities count device_ids driver options',
  'service.deploy.restart_policy': 'condition delay max_attempts window',
  'service.gpus': 'capabilities count device_ids driver options',
  'service.env_file': 'path format required',
  'service.ulimits': 'hard soft',
  'service.configs': 'source target uid gid mode',
  'service.secrets': 'source target uid gid mode',
  'file.include': 'path env_file project_directory',
  network: 'name driver driver_opts ipam external internal enable_ipv4 enable_ipv6 attachable labels',
  'network.ipam': 'driver config options',
  'network.ipam.config': 'subnet ip_range gateway aux_addresses',
  volume: 'name driver driver_opts external labels',
  secret: 'name environment file external labels driver driver_opts template_driver',
  config: 'name content environment file external labels template_driver',
} as const
