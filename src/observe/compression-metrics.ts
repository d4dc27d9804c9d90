import { Counter, type Registry } from 'prom-client';
import type { ContentCoding } from '../config/names.js';

const CODINGS: readonly ContentCoding[] = ['gzip', 'br', 'zstd'];

/** Metrics of compressed responses. */
export class CompressionMetrics {
  private readonly responses: Counter<'coding'>;

  constructor(registry: Registry) {
    this.responses = new Counter({
      name: 'gateway_compressed_responses_total',
      help: 'Compressed responses by content coding; skipped: sent uncompressed because too many others were being compressed.',
      labelNames: ['coding'],
      registers: [registry],
    });
    for (const coding of [...CODINGS, 'skipped']) this.responses.inc({ coding }, 0);
  }

  compressed(coding: ContentCoding): void {
    this.responses.inc({ coding });
  }

  skipped(): void {
    this.responses.inc({ coding: 'skipped' });
  }
}
