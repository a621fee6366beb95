// Keys of a service: what changes in its spec when one is said, by its name there, and what the engine is asked for.

/** YAML lines of a service, the names of the differences from one without them, and parts of the create request. */
export const settings: [lines: string, names: string[], body: Record<string, unknown>][] = [
  ['cpus: 1.5', ['cpus'], { HostConfig: { NanoCpus: 1_500_000_000 } }],
  ['cpu_shares: "512"', ['cpu_shares'], { HostConfig: { CpuShares: 512 } }],
  [
    'cpu_period: 50ms\ncpu_quota: 25000',
    ['cpu_period', 'cpu_quota'],
    { HostConfig: { CpuPeriod: 50_000, CpuQuota: 25_000 } },
  ],
  [
    'cpu_rt_period: 1000\ncpu_rt_runtime: 500',
    ['cpu_rt_period', 'cpu_rt_runtime'],
    { HostConfig: { CpuRealtimePeriod: 1000, CpuRealtimeRuntime: 500 } },
  ],
  ['cpuset: 0-1', ['cpuset'], { HostConfig: { CpusetCpus: '0-1' } }],
  ['cpu_count: 2\ncpu_percent: 5', ['cpu_count', 'cpu_percent'], { HostConfig: { CpuCount: 2, CpuPercent: 5 } }],
  ['mem_limit: 64m', ['mem_limit'], { HostConfig: { Memory: 67_108_864 } }],
  ['mem_reservation: 1k', ['mem_reservation'], { HostConfig: { MemoryReservation: 1024 } }],
  ['memswap_limit: -1', ['memswap_limit'], { HostConfig: { MemorySwap: -1 } }],
  ['mem_swappiness: 0', ['mem_swappiness'], { HostConfig: { MemorySwappiness: 0 } }],
  [
    'oom_kill_disable: true\noom_score_adj: -5',
    ['oom_kill_disable', 'oom_score_adj'],
    { HostConfig: { OomKillDisable: true, OomScoreAdj: -5 } },
  ],
  ['pids_limit: -1', ['pids_limit'], { HostConfig: { PidsLimit: -1 } }],
  [
    'ulimits: { nproc: 5, nofile: { soft: 1, hard: 2 } }',
    ['ulimits.nofile', 'ulimits.nproc'],
    {
      HostConfig: {
        Ulimits: [
          { Name: 'nofile', Soft: 1, Hard: 2 },
          { Name: 'nproc', Soft: 5, Hard: 5 },
        ],
      },
    },
  ],
  [
    'blkio_config: { weight: 300, device_read_bps: [{ path: /dev/sda, rate: 1k }] }',
    ['blkio_config.readBps', 'blkio_config.weight'],
    { HostConfig: { BlkioWeight: 300, BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 1024 }] } },
  ],
  [
    'deploy: { resources: { limits: { cpus: "0.5", memory: 5m, pids: 3 }, reservations: { memory: 1m } } }',
    ['cpus', 'mem_limit', 'mem_reservation', 'pids_limit'],
    {
      HostConfig: { NanoCpus: 500_000_000, Memory: 5_242_880, MemoryReservation: 1_048_576, PidsLimit: 3 },
    },
  ],
  [
    'deploy: { restart_policy: { condition: on-failure, max_attempts: 2 } }',
    ['restart'],
    { HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } } },
  ],
  ['deploy: { restart_policy: {} }', ['restart'], { HostConfig: { RestartPolicy: { Name: 'always' } } }],
  ['gpus: all', ['gpus'], { HostConfig: { DeviceRequests: [{ Count: -1, Capabilities: [['gpu']] }] } }],
  [
    'deploy: { resources: { reservations: { devices: [{ driver: nvidia, device_ids: [a], capabilities: [gpu, utility] }] } } }',
    ['gpus'],
    {
      HostConfig: {
        DeviceRequests: [{ Driver: 'nvidia', Count: 0, DeviceIDs: ['a'], Capabilities: [['gpu', 'utility']] }],
      },
    },
  ],
  [
    'devices: ["/dev/a", "/dev/b:/dev/c:r", { source: /dev/d, permissions: w }]',
    ['devices'],
    {
      HostConfig: {
        Devices: [
          { PathOnHost: '/dev/a', PathInContainer: '/dev/a', CgroupPermissions: 'rwm' },
          { PathOnHost: '/dev/b', PathInContainer: '/dev/c', CgroupPermissions: 'r' },
          { PathOnHost: '/dev/d', PathInContainer: '/dev/d', CgroupPermissions: 'w' },
        ],
      },
    },
  ],
  ['device_cgroup_rules: ["c 1:3 mr"]', ['device_cgroup_rules'], { HostConfig: { DeviceCgroupRules: ['c 1:3 mr'] } }],
  ['group_add: [20, audio]', ['group_add'], { HostConfig: { GroupAdd: ['20', 'audio'] } }],
  ['storage_opt: { size: 1G }', ['storage_opt.size'], { HostConfig: { StorageOpt: { size: '1G' } } }],
  ['runtime: runc', ['runtime'], { HostConfig: { Runtime: 'runc' } }],
  ['isolation: default', ['isolation'], { HostConfig: { Isolation: 'default' } }],
  [
    'cgroup: host\ncgroup_parent: /x',
    ['cgroup', 'cgroup_parent'],
    { HostConfig: { CgroupnsMode: 'host', CgroupParent: '/x' } },
  ],
  [
    'ipc: shareable\npid: host\nuts: host\nuserns_mode: host',
    ['ipc', 'pid', 'userns_mode', 'uts'],
    { HostConfig: { IpcMode: 'shareable', PidMode: 'host', UTSMode: 'host', UsernsMode: 'host' } },
  ],
  ['ipc: "container:x"', ['ipc'], { HostConfig: { IpcMode: 'container:x' } }],
  ['ipc: "service:db"', ['ipc'], { HostConfig: { IpcMode: 'container:shop-db-1' } }],
  ['pid: "service:db"', ['pid'], { HostConfig: { PidMode: 'container:shop-db-1' } }],
  [
    'volumes_from: ["db:ro", "container:other"]',
    ['volumes_from'],
    { HostConfig: { VolumesFrom: ['shop-db-1:ro', 'other'] } },
  ],
  ['expose: ["80-81/udp"]', ['expose'], { ExposedPorts: { '80/udp': {}, '81/udp': {} } }],
  [
    'dns_search: a.test\ndns_opt: [ndots:2]',
    ['dns_opt', 'dns_search'],
    { HostConfig: { DnsSearch: ['a.test'], DnsOptions: ['ndots:2'] } },
  ],
  ['domainname: a.test', ['domainname'], { Domainname: 'a.test' }],
  [
    'mac_address: 02:42:ac:11:65:43',
    ['mac_address'],
    { NetworkingConfig: { EndpointsConfig: { shop_default: { MacAddress: '02:42:ac:11:65:43' } } } },
  ],
  ['annotations: { a: b }', ['annotations.a'], { HostConfig: { Annotations: { a: 'b' } } }],
  ['platform: linux/amd64', ['platform'], {}],
  [
    'logging: { driver: json-file, options: { max-size: 1m, max-file: 3 } }',
    ['logging.driver', 'logging.options.max-file', 'logging.options.max-size'],
    { HostConfig: { LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '3' } } } },
  ],
  [
    'external_links: ["other:o"]',
    ['links'],
    { NetworkingConfig: { EndpointsConfig: { shop_default: { Links: ['other:o'] } } } },
  ],
  [
    'healthcheck: { start_interval: 1s, test: x }',
    ['healthcheck.start_interval_ms', 'healthcheck.test'],
    { Healthcheck: { StartInterval: 1e9 } },
  ],
  ['tmpfs: "/run:size=1m"', ['volumes'], { HostConfig: { Tmpfs: { '/run': 'size=1m' } } }],
  [
    'volumes: [{ type: tmpfs, target: /t, tmpfs: { size: 1k, mode: "0700" } }]',
    ['volumes'],
    { HostConfig: { Mounts: [{ Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 1024, Mode: 448 } }] } },
  ],
  ['volumes: ["/a:/b:ro,z,rslave"]', ['volumes'], { HostConfig: { Binds: ['/a:/b:ro,z,rslave'] } }],
  [
    'volumes: [{ type: bind, source: /a, target: /b, bind: { create_host_path: false } }]',
    ['volumes'],
    { HostConfig: { Mounts: [{ Type: 'bind', Source: '/a', Target: '/b' }] } },
  ],
  [
    'volumes: [{ type: volume, source: data, target: /b, volume: { nocopy: true, subpath: x } }]',
    ['volumes'],
    { HostConfig: { Mounts: [{ Source: 'shop_data', VolumeOptions: { NoCopy: true, Subpath: 'x' } }] } },
  ],
  [
    'networks: { default: { ipv6_address: "fd00::5", link_local_ips: [169.254.1.1], driver_opts: { a: 1 }, mac_address: "02:42:ac:11:65:44" } }',
    ['networks'],
    {
      NetworkingConfig: {
        EndpointsConfig: {
          shop_default: {
            IPAMConfig: { IPv6Address: 'fd00::5', LinkLocalIPs: ['169.254.1.1'] },
            DriverOpts: { a: '1' },
            MacAddress: '02:42:ac:11:65:44',
          },
        },
      },
    },
  ],
  ['networks: { default: , out: { priority: 5 } }', ['networks'], { HostConfig: { NetworkMode: 'shop_out' } }],
  ['secrets: [DB]', ['files./run/secrets/DB.content', 'files./run/secrets/DB.mode', 'files./run/secrets/DB.owner'], {}],
]

/** Lines of a network, and the names of the differences from one without them. */
export const networkSettings: [lines: string, names: string[]][] = [
  ['attachable: true', ['attachable']],
  ['internal: "true"', ['internal']],
  ['enable_ipv6: true', ['enable_ipv6']],
  ['driver: macvlan', ['driver']],
  ['driver_opts: { parent: eth0 }', ['options.parent']],
  ['labels: [a=1]', ['labels.a']],
  ['ipam: { driver: x, options: { a: b } }', ['ipam_driver', 'ipam_options.a']],
  ['ipam: { config: [{ subnet: 10.1.0.0/16, ip_range: 10.1.2.0/24, aux_addresses: { a: 10.1.0.9 } }] }', ['ipam']],
]
