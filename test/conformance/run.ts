import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../ops/project-files.js';
import { problemsOf, readRequirements } from './check.js';
import { reportOf } from './report.js';

const requirements = readRequirements();
const problems = problemsOf(requirements);
const report = reportOf(requirements, problems);
process.stdout.write(report);
mkdirSync(join(ROOT, '.cache'), { recursive: true });
writeFileSync(join(ROOT, '.cache/conformance.md'), report);
process.exitCode = problems.length === 0 && requirements.length > 0 ? 0 : 1;
