import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ERROR_CODES, type GatewayErrorCode } from '../../../domain/errors.js';
import { runbookPage } from './runbook-pages.js';

const CODES = Object.keys(ERROR_CODES) as GatewayErrorCode[];

it.each(['', 'auth', 'user', 'tenant', 'ai', 'other'])('every error of "%s" has a page that exists', (upstream) => {
  for (const code of [...CODES, undefined]) {
    const page = new URL(`../../../../runbooks/${runbookPage(code, upstream)}`, import.meta.url);
    expect(existsSync(page)).toBe(true);
  }
});
