import { hash } from 'node:crypto';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { CredentialWatch } from '../../access/credential-watch.js';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { GatewayError } from '../../domain/errors.js';
import type { ResumePolicy } from '../../domain/policy.js';
import { Admission } from '../../traffic/admission/admission.js';
import { priorityOf } from '../../traffic/admission/priority.js';
import { sharedContext } from '../../traffic/shared-context.js';
import { CallStack } from '../../traffic/stack.js';
import type { UpstreamStream } from '../../traffic/upstream-stream.js';
import { Compression } from '../compression/compression.js';
import type { RpcExchange } from '../pipeline/rpc-exchange.js';
import { problemBody } from '../problem.js';
import { problemSource, recordError } from '../problem.filter.js';
import { chooseEncoding, type StreamEncoding } from '../stream/encoding.js';
import { type StreamFormat, isEventStream } from '../stream/format.js';
import { reasonFor, StreamHandler } from '../stream/stream-handler.js';
import { StreamResponse } from '../stream/stream-response.js';
import { eventId, newStreamId, readEventId } from './event-id.js';
import { gone, type KeptStream, ResumableStream, type StreamOwner, type StreamReader } from './resumable-stream.js';
import { RemoteStream } from './remote-stream.js';
import { ResumableStreams } from './resumable-streams.js';
import { SharedStreams } from './shared-streams.js';
import { StreamMirror } from './stream-mirror.js';

/** Codes of errors that end a connection while its stream stays resumable. */
const LEFT: ReadonlySet<string> = new Set(['CLIENT_CLOSED', 'CLIENT_STALLED']);

/** A stream, and the last message of it that its client has. */
interface Position {
  readonly stream: KeptStream;
  readonly sequence: number;
}

/**
 * Sends server-sent events whose client may lose its connection and reconnect with `Last-Event-ID` (WHATWG HTML 9.2.4).
 * The call to the backend is not tied to one request: it continues while the client is disconnected, for as long as the
 * policy allows.
 */
@Injectable()
export class ResumableHandler {
  @Inject(Compression) private readonly compression!: Compression;
  @Inject(StreamHandler) private readonly plain!: StreamHandler;
  @Inject(ResumableStreams) private readonly streams!: ResumableStreams;
  /** Undefined without REDIS_URL and an encryption key: streams are then kept in this process only. */
  @Optional() @Inject(SharedStreams) private readonly shared?: SharedStreams;

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly stack: CallStack,
    private readonly admission: Admission,
    private readonly credentials: CredentialWatch,
  ) {}

  /** Serves a stream. Rejects only before anything has been sent, with STREAM_GONE where there is nothing to resume. */
  async handle(exchange: RpcExchange): Promise<void> {
    const { request, reply, call, rpc } = exchange;
    const encoding = chooseEncoding(rpc, call, { accept: request.headers.accept, lineHeartbeat: false });
    if (!isEventStream(encoding.format)) return this.plain.handle(exchange);
    const header = request.headers['last-event-id'];
    const last = header === undefined || header === '' ? undefined : readEventId(String(header));
    // An EventSource that has seen the end stops reconnecting (WHATWG HTML 9.2.3).
    if (last?.sequence === 'end') return void reply.code(204).send();
    if (header !== undefined && header !== '' && last === undefined) throw gone();
    const refused = this.admission.openStream(call, priorityOf(rpc.route.method));
    if (refused !== undefined) throw refused;
    const owner = ownerOf(exchange);
    if (last === undefined)
      return this.send(exchange, { stream: await this.open(exchange, encoding, owner), sequence: 0 }, encoding);
    const sequence = Number(last.sequence);
    const stream = await this.find(last.streamId, owner, sequence);
    return this.send(exchange, { stream, sequence }, encoding);
  }

  /** Finds a stream of this or another process. Rejects with STREAM_GONE. */
  private async find(id: string, owner: StreamOwner, sequence: number): Promise<KeptStream> {
    const { shared } = this;
    if (shared !== undefined && !this.streams.has(id)) return RemoteStream.find(shared, id, owner, sequence);
    const stream = this.streams.find(id, owner);
    if (!stream.log.reachesBackTo(sequence)) throw gone();
    return stream;
  }

  /**
   * Calls the backend. Rejects for a call that fails before its first message, so that the error has its own status.
   */
  private async open({ call, rpc, message }: RpcExchange, encoding: StreamEncoding, owner: StreamOwner) {
    const { method } = rpc.route;
    const context = sharedContext(call, call.principal, Infinity);
    const { policy, routeLabel, crossTenant, privileged } = call;
    Object.assign(context, { method, policy, routeLabel, crossTenant, privileged });
    context.clientDeadlineAt = call.clientDeadlineAt;
    call.passPermitTo(context);
    const leave = () => context.cancel(call.cancellation.reason as GatewayError);
    call.cancellation.addEventListener('abort', leave);
    try {
      const deadlineAt = call.clientDeadlineAt;
      const messages = await this.stack.openStream({ context, method, request: message, deadlineAt });
      const id = newStreamId();
      const parts = {
        policy: policy!.stream.resume as ResumePolicy,
        onGone: () => this.streams.forget(id),
        onSize: (difference: number) => this.streams.resize(difference),
      };
      const stream = new ResumableStream(id, owner, context, parts);
      this.streams.add(stream);
      void this.pump(stream, messages, encoding);
      return stream;
    } finally {
      call.cancellation.removeEventListener('abort', leave);
      context.releasePermit();
      const { upstream, breakerState, queueMs, guardrail } = context;
      Object.assign(call, { upstream, breakerState, queueMs, guardrail });
    }
  }

  private async pump(stream: ResumableStream, messages: UpstreamStream, encoding: StreamEncoding): Promise<void> {
    const { log, context } = stream;
    const mirror = this.shared && (await StreamMirror.begin(this.shared, stream));
    try {
      for await (const message of messages) {
        const json = encodeOrSpoil(messages, encoding, message);
        await log.append(json);
        if (log.isOver) break;
        await mirror?.add(json);
      }
      log.finish(undefined);
    } catch (thrown) {
      log.finish(reasonFor(context, thrown));
    } finally {
      context.end();
    }
    const { failure } = log;
    const problem = failure === undefined ? '' : JSON.stringify({ code: failure.code, detail: failure.detail });
    await mirror?.end(problem, context.policy?.stream.resume?.keepMs ?? 0);
  }

  private async send(exchange: RpcExchange, { stream, sequence }: Position, { format }: StreamEncoding): Promise<void> {
    const { request, reply, call, rpc } = exchange;
    const { streamHeartbeatMs } = this.config.timeouts;
    const response = new StreamResponse(reply, resumableFormat(format, { stream, sequence }), call, streamHeartbeatMs);
    if (this.compression.covers(rpc.route)) response.compressWith(this.compression);
    const reader = this.reader(exchange, stream);
    stream.attach(reader, sequence);
    call.stage = 'stream';
    try {
      response.start();
      await this.copy({ stream, sequence }, exchange, response);
      stream.leave(reader);
      if (stream.log.failure === undefined) response.end();
      else throw stream.log.failure;
    } catch (thrown) {
      const error = reasonFor(call, thrown);
      recordError(call, error);
      if (LEFT.has(error.code)) stream.leave(reader);
      else stream.remove(error);
      response.fail(JSON.stringify(problemBody(error, problemSource(request))));
    } finally {
      response.close();
    }
  }

  /** Sends stored and new messages at the pace of the client. */
  private async copy({ stream, sequence }: Position, { call }: RpcExchange, response: StreamResponse): Promise<void> {
    for (let at = sequence; ;) {
      const next = await stream.log.next(at, call.cancellation);
      if (next === undefined) return;
      await response.message(next.json);
      at = next.sequence;
      if (!call.cancellation.aborted) stream.log.markSent(at);
    }
  }

  /**
   * Returns a reader whose credential is watched until another connection replaces this one, or the stream is removed.
   */
  private reader({ request, call }: RpcExchange, stream: KeptStream): StreamReader {
    const { untilTokenExpiry: untilExpiry } = this.config.streams;
    const end = (reason: GatewayError): void => call.cancel(reason);
    const lose = (reason: GatewayError): void => {
      end(reason);
      stream.remove(reason);
    };
    return { end, unwatch: this.credentials.watch(request, lose, { untilExpiry }) };
  }
}

/** Returns the format of server-sent events whose ids contain the stream id, and whose end has an id as well. */
function resumableFormat(format: StreamFormat, { stream: { id: streamId }, sequence }: Position): StreamFormat {
  return {
    ...format,
    frame: (json, index) =>
      `id: ${eventId({ streamId, sequence: sequence + index })}\ndata: ${json.toString('latin1')}\n\n`,
    closing: `id: ${eventId({ streamId, sequence: 'end' })}\n${format.closing}`,
  };
}

function ownerOf({ call, rpc, message }: RpcExchange): StreamOwner {
  const { tenantId, issuer, subject } = call.principal ?? {};
  return {
    caller: hash('sha256', JSON.stringify([tenantId, issuer, subject]), 'base64url'),
    request: hash('sha256', Buffer.concat([Buffer.from(`${rpc.route.method.path}\n`), message]), 'base64url'),
  };
}

function encodeOrSpoil(messages: UpstreamStream, encoding: StreamEncoding, message: Uint8Array): Buffer {
  try {
    return encoding.encode(message);
  } catch (error) {
    throw messages.attributeFailure(error);
  }
}
