import { CREATE_BODY, LIST_SIZE, STREAM_BODY } from '../fixtures.js';

export const SCENARIO_NAMES = ['get-one', 'list-50', 'create', 'unauthorized', 'sse'] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

/** One kind of request, the same bytes for every system unless the system says otherwise. */
export interface Scenario {
  readonly name: ScenarioName;
  readonly title: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly accept: string;
  readonly withToken: boolean;
  /** Upstream message that the response must contain; other responses are checked by status, and streams by their end. */
  readonly content?: 'user' | 'list';
  readonly isExpectedStatus: (status: number) => boolean;
}

const isSuccess = (status: number) => status >= 200 && status < 300;
const JSON_TYPE = 'application/json';
const ONE_USER = '/api/v1/users/01JDV5Q3M8ZK4W9T6X2Y000000';
const common = { accept: JSON_TYPE, withToken: true, isExpectedStatus: isSuccess } as const;

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  'get-one': { ...common, name: 'get-one', title: 'GET one user', method: 'GET', path: ONE_USER, content: 'user' },
  'list-50': {
    ...common,
    name: 'list-50',
    title: `GET a list of ${LIST_SIZE}`,
    method: 'GET',
    path: `/api/v1/users?pageSize=${LIST_SIZE}`,
    content: 'list',
  },
  create: {
    ...common,
    name: 'create',
    title: 'POST create',
    method: 'POST',
    path: '/api/v1/users',
    body: CREATE_BODY,
    content: 'user',
  },
  unauthorized: {
    ...common,
    name: 'unauthorized',
    title: '401, no credential',
    method: 'GET',
    path: ONE_USER,
    withToken: false,
    isExpectedStatus: (status) => status === 401,
  },
  sse: {
    ...common,
    name: 'sse',
    title: 'POST, answer streamed',
    method: 'POST',
    path: '/api/v1/ai:stream',
    body: STREAM_BODY,
    accept: 'text/event-stream',
  },
};
