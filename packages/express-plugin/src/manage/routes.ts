import { attemptRoutes } from './attempts.ts';
import { catalogRoutes } from './catalog.ts';
import { deliveryRoutes } from './deliveries.ts';
import { explanationRoutes } from './explanations.ts';
import { filterRoutes } from './filter-preview.ts';
import { liveRoutes } from './live.ts';
import { replayRoutes } from './replays.ts';
import type { ManageRoute } from './route.ts';
import { statsRoutes } from './stats.ts';
import { subscriptionRoutes } from './subscriptions.ts';

/** Every route of the management API, below the mount point: what the router goes by, and the OpenAPI document. */
export const manageRoutes: readonly ManageRoute[] = [
  ...subscriptionRoutes,
  ...deliveryRoutes,
  ...replayRoutes,
  ...filterRoutes,
  ...explanationRoutes,
  ...attemptRoutes,
  ...statsRoutes,
  ...catalogRoutes,
  ...liveRoutes,
];
