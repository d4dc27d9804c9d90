import { loadDescriptors } from '../contract/descriptors.js';
import { type Mock, type MockOptions, startMock as start } from './mock/mock-server.js';

/**
 * Starts a gRPC server that serves the RPCs of descriptor sets with example responses, on any free port of this machine.
 * Rejects for files that are not descriptor sets, and for faults of RPCs that they do not contain.
 */
export async function startMock(files: readonly string[], options: MockOptions = {}): Promise<Mock> {
  return start(loadDescriptors(files), options);
}
