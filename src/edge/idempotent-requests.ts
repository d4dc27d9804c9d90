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

/** Client errors that do not depend on the content of the request. */
const PASSING: ReadonlySet<GatewayErrorCode> = new Set(['RATE_LIMITED', 'REQUEST_TIMEOUT', 'CLIENT_CLOSED', 'ABORTED']);

/** A request with an idempotency key, and its request message. */
export interface KeyedRequest {
  readonly key: string;
  readonly method: RpcMethod;
  readonly message: Uint8Array;
}

/** A response, and whether it is that of an earlier request. */
export interface OnceResponse {
  readonly response: StoredResponse;
  readonly replayed: boolean;
}

/**
 * Returns the Idempotency-Key of a request that changes something; undefined without one, or without a caller: keys
 * belong to callers, and responses of public routes (tokens) must not be stored. Throws INVALID_ARGUMENT.
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

/** Executes a keyed request once, however often it is sent. */
@Injectable()
export class IdempotentRequests {
  constructor(private readonly records: IdempotencyRecords) {}

  /**
   * Executes a request, or replays its stored response. Rejects with ABORTED while the first request with this key is
   * in progress, with ALREADY_EXISTS when the key was used for another request, with UPSTREAM_TIMEOUT when the store
   * does not respond in time, and as `execute` does. A failure that is not the client's fault may be retried, unless
   * the request was carried out.
   */
  async run(
    request: FastifyRequest,
    keyed: KeyedRequest,
    execute: () => Promise<StoredResponse>,
  ): Promise<OnceResponse> {
    const fingerprint = hash(
      'sha256',
      Buffer.concat([Buffer.from(`${keyed.method.path}\n`), keyed.message]),
      'base64url',
    );
    const claim = await this.claim(request, ownKey(request, keyed.key), fingerprint);
    if (!('keep' in claim)) return { response: replay(claim, fingerprint), replayed: true };
    try {
      const response = await execute();
      await claim.keep(response);
      return { response, replayed: false };
    } catch (error) {
      await settle(claim, error);
      throw error;
    }
  }

  /** Waits for the store no longer than the client does; a key that is claimed after that is released. */
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

/** Returns the key within the scope of its caller, because two callers may use the same key. */
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

/** Returns the error that tells the client that it need not, and cannot, retry. */
function omitted({ status }: StoredResponse): GatewayError {
  const detail = `The request with this Idempotency-Key was carried out and answered ${status}: its response was too large to be kept.`;
  return new GatewayError('ALREADY_EXISTS', detail, { headers: { 'idempotency-replayed': 'true' } });
}

async function settle(claim: Claim, error: unknown): Promise<void> {
  if (!(error instanceof GatewayError) || !isFinal(error)) return claim.release();
  const { code, detail, errors, status } = error;
  return claim.keep({ status, contentType: PROBLEM_JSON, body: Buffer.from(JSON.stringify({ code, detail, errors })) });
}

/** Returns whether a retry would have the same result, or must not be carried out again. */
function isFinal(error: GatewayError): boolean {
  return (error.domain === 'client' && !PASSING.has(error.code)) || wasAnswered(error);
}

/** Returns the stored problem as an error. Its body is rendered again, because it names the request that it answers. */
function readProblem({ body }: StoredResponse): GatewayError {
  const { code, detail, errors } = JSON.parse(body.toString()) as {
    code: string;
    detail: string;
    errors: FieldViolation[];
  };
  const known = code in ERROR_CODES ? (code as GatewayErrorCode) : 'FAILED_PRECONDITION';
  return new GatewayError(known, detail, { errors, headers: { 'idempotency-replayed': 'true' } });
}
