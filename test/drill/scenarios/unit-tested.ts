const OF_THE_CLUSTER = 'its series are those of kube-state-metrics, which needs a cluster';

/** Alerts that no drill raises, with the reason; the cases of promtool beside the rules cover them. */
export const COVERED_BY_UNIT_TESTS: Readonly<Record<string, string>> = {
  'GatewayErrorBudgetBurn long=6h':
    'its windows stay longer than a drill when divided; the rule of one hour is drilled',
  'GatewayErrorBudgetBurn long=1d':
    'its windows stay longer than a drill when divided; the rule of one hour is drilled',
  'GatewayErrorBudgetBurn long=3d':
    'its windows stay longer than a drill when divided; the rule of one hour is drilled',
  GatewayScrapeTooBig:
    'every label has a bounded set of values, so that no fault around a gateway makes its scrapes grow',
  GatewayReadinessFlapping: OF_THE_CLUSTER,
  GatewayPodRestarting: OF_THE_CLUSTER,
  GatewayHpaMaxedOut: OF_THE_CLUSTER,
  GatewayReplicasUnavailable: OF_THE_CLUSTER,
};
