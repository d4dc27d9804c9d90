import type { KubernetesObject } from './objects.js';

/** State of a container, by the one member that is there. */
export interface ContainerState {
  running?: { startedAt: string };
  waiting?: { reason: string; message?: string };
  terminated?: { reason: string; exitCode: number; startedAt: string; finishedAt: string };
}

export interface PodObject extends KubernetesObject {
  spec: { nodeName: string; containers: Container[]; [member: string]: unknown };
  status: {
    phase: 'Pending' | 'Running' | 'Failed';
    podIP: string;
    startTime: string;
    conditions: { type: string; status: 'True' | 'False'; lastTransitionTime: string }[];
    containerStatuses: {
      name: string;
      image: string;
      imageID: string;
      ready: boolean;
      started: boolean;
      restartCount: number;
      state: ContainerState;
      lastState: ContainerState;
    }[];
  };
}

export interface Container {
  name: string;
  image: string;
  env?: { name: string; value?: string }[];
  [member: string]: unknown;
}

export interface PodTemplate {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  spec: { containers: Container[]; [member: string]: unknown };
}

export interface DeploymentObject extends KubernetesObject {
  spec: {
    replicas: number;
    selector: { matchLabels: Record<string, string> };
    template: PodTemplate;
    [member: string]: unknown;
  };
  status: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    unavailableReplicas?: number;
    conditions?: object[];
  };
}

export interface ReplicaSetObject extends KubernetesObject {
  spec: { replicas: number; selector: { matchLabels: Record<string, string> }; template: PodTemplate };
  status: { replicas: number; readyReplicas: number };
}

export interface EventObject extends KubernetesObject {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  firstTimestamp: string;
  lastTimestamp: string;
  count: number;
  involvedObject: { kind: string; namespace: string; name: string };
}
