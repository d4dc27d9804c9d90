import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { TimedOut, withTimeout } from '../domain/loop-timeout.js';
import { type FieldViolation, ERROR_CODES, GatewayError, type GatewayErrorCode } from '../domain/errors.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import type { IdempotencyRecord, StoredResponse } from '../traffic/idempotency/idempotency-record.js';
import { type Claim, IdempotencyRecords } from '../traffic/idempotency/idempotency-records.js';
import { wasAnswered } from '../traffic/upstream-fault.js';
import { PROBLEM_JSON } from './problem.js';

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const KEY = /^[!-~]{1,255}$/;
const RETRY_AFTER_SECONDS = 1;

/** Of the client's errors, those that say nothing of the request itself. */
const PASSING: ReadonlySet<GatewayErrorCode> = new Set(['RATE_LIMITED', 'REQUEST_TIMEOUT', 'CLIENT_CLOSED', 'ABORTED']);

/** A request that names a key, and the message it comes to. */
export interface KeyedRequest {
  readonly key: string;
  readonly method: RpcMethod;
  readonly message: Uint8Array;
}

/** An answer, and whether it is that of an earlier request. */
export interface OnceAnswer {
  readonly answer: StoredResponse;
  readonly replayed: boolean;
}

/**
 * The Idempotency-Key of a request that changes something; undefined when it has none, or when nobody is calling: keys
 * belong to callers, and answers of open routes (tokens) are not to be kept. Throws INVALID_ARGUMENT.
 */
export function idempotencyKey({ headers, method, call }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined || call.principal === undefined || !UNSAFE.has(method)) return undefined;
  if (typeof key === 'string' && KEY.test(key)) return key;
  throw new GatewayError(
    'INVALID_ARGUMENT',
    'Idempotency-Key must be one value of 1 to 255 printable ASCII characters without spaces.',
  );
}

/** Does what a keyed request asks for once, however often it is sent. */
@Injectable()
export class IdempotentRequests {
  constructor(private readonly records: IdempotencyRecords) {}

  /**
   * Rejects with ABORTED while the first request with this key is under way, with ALREADY_EXISTS when it was another
   * request, with UPSTREAM_TIMEOUT when the store cannot say in time, and as `execute` does. What fails by the fault of
   * others than the client may be tried again, unless it was carried out.
   */
  async run(request: FastifyRequest, keyed: KeyedRequest, execute: () => Promise<StoredResponse>): Promise<OnceAnswer> {
    const fingerprint = hash(
      'sha256',
      Buffer.concat([Buffer.from(`${keyed.method.path}\n`), keyed.message]),
      'base64url',
    );
    const claim = await this.claim(request, ownKey(request, keyed.key), fingerprint);
    if (!('keep' in claim)) return { answer: replay(claim, fingerprint), replayed: true };
    try {
      const answer = await execute();
      await claim.keep(answer);
      return { answer, replayed: false };
    } catch (error) {
      await settle(claim, error);
      throw error;
    }
  }

  /** Waits for the store no longer than the client does; a key that is taken after that is given back. */
  private async claim({ call }: FastifyRequest, key: string, fingerprint: string): Promise<Claim | IdempotencyRecord> {
    const claiming = this.records.claim(key, fingerprint);
    try {
      return await withTimeout(Math.max(call.deadlineAt - performance.now(), 0), claiming);
    } catch (error) {
      if (!(error instanceof TimedOut)) throw error;
      void claiming.then((claim) => ('keep' in claim ? claim.release() : undefined));
      throw storeTooSlow();
    }
  }
}

function storeTooSlow(): GatewayError {
  const detail = 'The store of Idempotency-Keys did not answer in time: the request was not carried out.';
  return new GatewayError('UPSTREAM_TIMEOUT', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS });
}

/** Two callers may use the same key. */
function ownKey({ call }: FastifyRequest, key: string): string {
  const { tenantId, issuer, subject } = call.principal ?? {};
  return hash('sha256', JSON.stringify([tenantId, issuer, subject, key]), 'base64url');
}

function replay(record: IdempotencyRecord, fingerprint: string): StoredResponse {
  if (record.fingerprint !== fingerprint) {
    throw new GatewayError('ALREADY_EXISTS', 'This Idempotency-Key belongs to another request: use a new one.');
  }
  if (record.answer === undefined) {
    const detail = 'The first request with this Idempotency-Key is still under way.';
    throw new GatewayError('ABORTED', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS });
  }
  if (record.answer.omitted) throw omitted(record.answer);
  if (record.answer.contentType === PROBLEM_JSON) throw readProblem(record.answer);
  return record.answer;
}

/** The client learns that it need not, and cannot, try again. */
function omitted({ status }: StoredResponse): GatewayError {
  const detail = `The request with this Idempotency-Key was carried out and answered ${status}: its response was too large to be kept.`;
  return new GatewayError('ALREADY_EXISTS', detail, { headers: { 'idempotency-replayed': 'true' } });
}

async function settle(claim: Claim, error: unknown): Promise<void> {
  if (!(error instanceof GatewayError) || !isFinal(error)) return claim.release();
  const { code, detail, errors, status } = error;
  return claim.keep({ status, contentType: PROBLEM_JSON, body: Buffer.from(JSON.stringify({ code, detail, errors })) });
}

/** Whether the same request would come to the same, or was carried out and must not be again. */
function isFinal(error: GatewayError): boolean {
  return (error.domain === 'client' && !PASSING.has(error.code)) || wasAnswered(error);
}

/** The problem is written anew: it names the request that it answers. */
function readProblem({ body }: StoredResponse): GatewayError {
  const { code, detail, errors } = JSON.parse(body.toString()) as {
    code: string;
    detail: string;
    errors: FieldViolation[];
  };
  const known = code in ERROR_CODES ? (code as GatewayErrorCode) : 'FAILED_PRECONDITION';
  return new GatewayError(known, detail, { errors, headers: { 'idempotency-replayed': 'true' } });
}
