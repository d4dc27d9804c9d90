import { createRequire } from 'node:module';

const PACKAGES = ['@grpc/grpc-js', '@grpc/proto-loader', 'fastify'];

// For `--import`: the process says at its end, as a line of its log, which of these packages it has loaded.
process.on('exit', () => {
  const files = Object.keys(createRequire(import.meta.url).cache);
  const loaded = PACKAGES.filter((name) => files.some((file) => file.includes(`/node_modules/${name}/`)));
  process.stdout.write(`${JSON.stringify({ msg: 'loaded', loaded })}\n`);
});
