export { createEngine } from './engine.ts';
export type { Engine, EngineOptionsInput, RoundResult } from './engine.ts';
export type { EngineEvents, DeliveryNotice, HealthNotice } from './engine-events.ts';
export { HookwellError } from './errors.ts';
export type { HookwellErrorCode, HookwellErrorDetails } from './errors.ts';
export type { EmitInput, EmitResult } from './accept/emit.ts';
export type { Deliveries, DeliveryDetails, DeliveryRequest } from './manage/deliveries.ts';
export type { RemoveOptions, SubscriptionInput, Subscriptions } from './manage/subscriptions.ts';
export type { AccountId } from './model/account.ts';
export { readAnswer } from './model/answer.ts';
export type { HttpAnswer } from './model/answer.ts';
export { defineCatalog } from './model/catalog.ts';
export type {
  Catalog,
  CatalogDefinition,
  EventType,
  EventTypeDefinition,
  ObjectType,
  ObjectTypeDefinition,
} from './model/catalog.ts';
export type { CatalogChange, CatalogChangeDefinition } from './model/catalog-change.ts';
export type { CrmRecord, FieldInput, FieldValue } from './model/crm-record.ts';
export { checkCountQuery, checkQuery, checkWhich, valueType } from './model/check-query.ts';
export type { FieldType, FieldTypes } from './model/check-query.ts';
export { durationBoundsMs, sumAttempts, sumDeliveries } from './model/counts.ts';
export type { AttemptCount, AttemptCountQuery, DeliveryCount } from './model/counts.ts';
export { deliveryFields } from './model/delivery.ts';
export type { Claim, Delivery, Lease, NewDelivery } from './model/delivery.ts';
export type { StoredEvent, TopicKey } from './model/event.ts';
export type { Payload, PayloadValue } from './model/format.ts';
export { inWords, mayMoveHealth, observe } from './model/health.ts';
export type { Health, HealthMove, HealthPolicy, HealthState, Observation } from './model/health.ts';
export type { LaneState } from './model/lane-state.ts';
export { ontraportCatalog } from './model/ontraport-catalog.ts';
export { attemptFields, cancelledAttempt, firstOfEachLease } from './model/outcome.ts';
export type { Attempt, Outcome, OutcomeKind } from './model/outcome.ts';
export { meets, queryRows } from './model/query.ts';
export type { Comparison, Condition, Page, Query, QueryValue } from './model/query.ts';
export { parseRetryAfter } from './model/retry.ts';
export type { RetryPolicy } from './model/retry.ts';
export { addTexts, mergeTexts } from './model/small-texts.ts';
export type { SmallTexts } from './model/small-texts.ts';
export { subscriptionFields, withChanges, withMove, withObservation } from './model/subscription.ts';
export type { Encoding, NewSubscription, Subscription, SubscriptionChanges, WhichSubscriptions } from './model/subscription.ts';
export { listed, suggestion } from './model/suggestion.ts';
export { parseTopic } from './model/topic.ts';
export type { ParsedTopic, Topic } from './model/topic.ts';
export type { TestResult } from './model/test-result.ts';
export type { TransactionOptions } from './model/transaction.ts';
export type { Fault, TransportResult } from './model/transport-result.ts';
export { EngineOptionsSchema, resolveOptions } from './options.ts';
export type { EngineOptions, OptionsInput } from './options.ts';
export type {
  Addition,
  ComposeContext,
  ComposedBody,
  EmittedContext,
  OutcomeContext,
  Plugin,
  PluginContext,
  RequestContext,
} from './plugin.ts';
export type {
  AttemptField,
  ClaimRequest,
  ClaimResult,
  DeliveryField,
  JoinedStorage,
  PruneRequest,
  PruneResult,
  RecordResult,
  StorageAdapter,
  StorageContext,
  StoreBatch,
  SubscriptionField,
  SubscriptionQuery,
} from './storage-adapter.ts';
export type { TransportAdapter, TransportContext, TransportRequest } from './transport-adapter.ts';
export { contactPlans, ContactPlansOptionsSchema } from './plugins/contact-plans.ts';
export type { ContactPlansOptions, Plan } from './plugins/contact-plans.ts';
export { managedSecrets, ManagedSecretsOptionsSchema } from './plugins/managed-secrets.ts';
export type { ManagedSecretsOptions, RotateOptions, SecretKeeper, SecretsEngine } from './plugins/managed-secrets.ts';
export type { SealingKey } from './plugins/key-ring.ts';
export { standardWebhooks, StandardWebhooksOptionsSchema } from './plugins/signatures.ts';
export type { SigningSecrets, StandardWebhooksOptions } from './plugins/signatures.ts';
