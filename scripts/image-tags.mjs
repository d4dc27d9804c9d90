// node scripts/image-tags.mjs registry.example.com/team/api-gateway 0.1.0   prints the tags of its image, one per line.

const [image, version] = process.argv.slice(2);
const [, major, minor, prerelease] = /^(\d+)\.(\d+)\.\d+(-.+)?$/.exec(version ?? '') ?? [];
if (major === undefined) {
  process.stderr.write(`"${version}" is not a version such as 1.2.3\n`);
  process.exitCode = 1;
} else {
  // No tag `0`: a minor version of it may break what is promised (docs/upgrades.md).
  const shorter = prerelease === undefined ? [`${major}.${minor}`, ...(major === '0' ? [] : [major])] : [];
  for (const tag of [version, ...shorter]) process.stdout.write(`${image}:${tag}\n`);
}
