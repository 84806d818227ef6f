/**
 * What a new worker runs first. It only fetches the worker's own files and hands over to their boot
 * script; an image that has them already goes straight there. No secret is in it: whoever can reach
 * the metadata service can read it.
 */
import { fileURLToPath } from 'node:url';
import { Fn } from 'aws-cdk-lib';

export const WORKER_FOLDER = fileURLToPath(new URL('../assets/worker', import.meta.url));

/** What `/etc/1mins-worker.env` holds, for the boot script and the heartbeat. */
export type WorkerSettings = Record<string, string>;

/** Long enough for the mirror of a package and for the machine's role to arrive. */
const script = (lines: readonly string[]) => `#!/bin/bash
set -euo pipefail
cat >/etc/1mins-worker.env <<'END'
${lines.join('\n')}
END
if [ ! -x /opt/worker/boot.sh ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o Acquire::Retries=5 update
  apt-get -qq -o Acquire::Retries=5 install -y --no-install-recommends awscli python3
  . /etc/1mins-worker.env
  for _ in $(seq 60); do aws s3 cp --only-show-errors "$WORKER_ASSET_S3" /run/worker.zip && break; sleep 2; done
  mkdir -p /opt/worker
  python3 -m zipfile -e /run/worker.zip /opt/worker
  chmod 755 /opt/worker/bin/* /opt/worker/*.sh
fi
exec /opt/worker/boot.sh
`;

/** What AWS's own tools look for is exported. */
const line = (name: string, value: string) =>
  `${name.startsWith('AWS_') ? 'export ' : ''}${name}=${value}`;

export const workerUserData = (settings: WorkerSettings): string =>
  Fn.base64(script(Object.entries(settings).map(([name, value]) => line(name, value))));
