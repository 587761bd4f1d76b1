/** AIchor's own example of ranks that are told by TF_CONFIG, as it stands. */
export const tfExample = `kind: AIchorManifest
apiVersion: 0.2.1

builder:
  image: tf-multi-jobs
  dockerfile: ./Dockerfile
  context: .

spec:
  operator: tf
  image: tf-multi-jobs
  command: "python -u src/main.py"

  types:
    Worker:
      count: 5
      resources:
        cpus: 1
        ramRatio: 1
        shmSizeGB: 0
`;

/** Every key. */
export const full = `kind: AIchorManifest
apiVersion: 0.2.2
builder: { image: team/sim, dockerfile: build/Dockerfile, context: app }
spec:
  operator: jobset
  image: team/sim
  command: [python, -u, 'main.py', '{}']
  types:
    worker-heavy:
      count: 1
      resources:
        cpus: 60
        ramRatio: 2
        shmSizeGB: 0.5
        accelerators: { gpu: { count: 2, type: gpu, product: NVIDIA-H100-80GB-HBM3 } }
    worker:
      count: 10
      completions: 10
      parallelisms: 2
      resources: { cpus: 2, ramRatio: 0.5, shmSizeGB: 4, accelerators: { gpu: { count: 0, type: gpu, product: nvidia-tesla-t4 } } }
  failure: retry-rank
  retries: 5
  retryDelay: 10s
  timeout: 2h
  priority: 3
  nice: 0
  labels: [fast]
  env: { DATA: {{ Env "DATA" }}, SEED: 7, EMPTY: }
  engine: podman
  volumes: ['/data:/data:ro']
  network: none
  tensorboard: { enabled: false }
  debug: { jupyter: false }
`;
