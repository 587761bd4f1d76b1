/** The file that FancyJobRunner's users have. */
export const example = `docker:
  image: ghcr.io/user/image
  registry:
    server: ghcr.io
    user: USERNAME
    password: {{ Exec "aws ecr get-login-password" }}
  environment:
    AWS_ACCESS_KEY_ID: {{ Env "AWS_ACCESS_KEY_ID" }}
    S3_PREFIX: some_prefix/
input:
  file:
    path: input.txt
    format: eachLine
workers:
  file:
    path: workers.txt        # lines user@ip, in ssh form
    format: eachLine
  ssh:
    privateKey: /home/me/.ssh/id_ed25519
  logs:
    file:
      directory: runs/logs/{{ .RunID }}
worker_resources:
  - PROXY:
      file:
        path: proxys.txt
        format: eachLine
task_resources:
  - ACCOUNT:
      file: { path: accounts.txt, format: eachLine }
`;

export const exampleFiles = {
  'input.txt': 'first\r\n\r\nsecond one\r\n',
  'workers.txt': '# both in the lab\nme@10.0.0.1\nme@10.0.0.2:2222\n',
  'proxys.txt': 'http://proxy1:3128\nhttp://proxy2:3128\nhttp://proxy1:3128\n',
  'accounts.txt': 'alice\nbob\n',
};
