export { createEngine } from './engine.ts';
export type { Engine, EngineOptionsInput, RoundResult } from './engine.ts';
export type { CutNotice, EngineEvents, DeliveryNotice, HealthNotice, ReplayNotice } from './engine-events.ts';
export { definePlugin } from './define-plugin.ts';
export type { PluginDefinition, PluginSetup } from './define-plugin.ts';
export { HookwellError } from './errors.ts';
export type { HookwellErrorCode, HookwellErrorDetails } from './errors.ts';
export type { EmitInput, EmitResult } from './accept/emit.ts';
export type { CancelledEvent } from './manage/cancel-event.ts';
export type { Deliveries, DeliveryDetails, DeliveryRequest } from './manage/deliveries.ts';
export type { EraseInput } from './manage/erase.ts';
export type { Explain } from './manage/explain.ts';
export type { StoredEvents, StoredEventsQuery } from './manage/list-events.ts';
export { apiKeys, keyPermissions } from './manage/api-keys.ts';
export type { ApiKeys, KeyCaller, KeyInfo, KeyInput, KeyPermission, MadeKey } from './manage/api-keys.ts';
export { ApiKeysOptionsSchema } from './api-keys-options.ts';
export type { ApiKeysOptions, ApiKeysOptionsInput } from './api-keys-options.ts';
export type { ReplayInput } from './manage/check-replay.ts';
export type { ReplayPace, ReplayPreview, Replays } from './manage/replays.ts';
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
export type { LoadedRecord, LoadedRecords, LoadRecords } from './late-options.ts';
export type { CrmRecord, FieldInput, FieldValue } from './model/crm-record.ts';
export { checkCountQuery, checkQuery, checkWhich, valueType } from './model/check-query.ts';
export type { FieldType, FieldTypes } from './model/check-query.ts';
export { cutReasons, oldestHeld } from './model/cut.ts';
export type { Cut, CutRequest, CutResult, HeldBounds } from './model/cut.ts';
export type { ClaimRequest, ClaimResult } from './model/claims.ts';
export { durationBoundsMs, sumAttempts, sumDeliveries } from './model/counts.ts';
export type { AttemptCount, AttemptCountQuery, DeliveryCount } from './model/counts.ts';
export { deliveryFields, dueAfterEarlier } from './model/delivery.ts';
export type { Claim, Delivery, Lease, NewDelivery } from './model/delivery.ts';
export type { Erased, EraseRequest, EraseResult } from './model/erasure.ts';
export type { StoredEvent, TopicKey } from './model/event.ts';
export type { EventPage, EventSearch } from './model/event-search.ts';
export { filterBounds } from './model/filter.ts';
export type { Filter, FilterValue } from './model/filter.ts';
export type { Payload, PayloadValue } from './model/format.ts';
export { explainedStates } from './model/explanation.ts';
export type { ExplainedState, Explanation } from './model/explanation.ts';
export { inWords, isClosed, mayMoveHealth, observe } from './model/health.ts';
export type { Health, HealthMove, HealthPolicy, HealthState, Observation } from './model/health.ts';
export type { WarningStage } from './model/health-warning.ts';
export type { LaneState } from './model/lane-state.ts';
export { ontraportCatalog } from './model/ontraport-catalog.ts';
export { orderKeyOf } from './model/order-key.ts';
export { attemptFields, cancelledAttempt, firstOfEachLease } from './model/outcome.ts';
export type { Attempt, Outcome, OutcomeKind } from './model/outcome.ts';
export { meets, queryRows } from './model/query.ts';
export type { Comparison, Condition, Page, Query, QueryValue } from './model/query.ts';
export { replayFields } from './model/replay.ts';
export {
  firstReplay,
  standingOf,
  stillLooks,
  withReplayCancelled,
  withReplayEnds,
  withReplayStep,
} from './model/replay-steps.ts';
export type {
  FinalOutcome,
  NewReplay,
  Replay,
  ReplayClaim,
  ReplayClaimRequest,
  ReplayClaims,
  ReplayFilter,
  ReplayPage,
  ReplayRow,
  ReplaySearch,
  ReplayState,
  ReplayStep,
} from './model/replay.ts';
export { goneMetadata, lacksRecord, withoutRecord } from './model/gone-record.ts';
export { agesOf } from './model/retention.ts';
export type {
  AccountPruneAges,
  AccountRetention,
  AccountRetentions,
  ExpireRequest,
  ExpireResult,
  PruneAges,
  PruneRequest,
  PruneResult,
} from './model/retention.ts';
export { parseRetryAfter } from './model/retry.ts';
export type { RetryPolicy } from './model/retry.ts';
export { Secret } from './model/secret.ts';
export { addTexts, mergeTexts } from './model/small-texts.ts';
export type { SmallTexts } from './model/small-texts.ts';
export type { KeyUse, NewKey, StoredKey } from './model/stored-key.ts';
export { orderings, subscriptionFields, withChanges, withMove, withObservation } from './model/subscription.ts';
export type {
  Encoding,
  NewSubscription,
  Ordering,
  Subscription,
  SubscriptionChanges,
  WhichSubscriptions,
} from './model/subscription.ts';
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
  AttributeCheck,
  ComposeContext,
  ComposedBody,
  EmittedContext,
  OutcomeContext,
  Plugin,
  PluginContext,
  PluginEmitResult,
  PluginEvent,
  RequestContext,
} from './plugin.ts';
export type {
  AttemptField,
  DeliveryField,
  JoinedStorage,
  RecordResult,
  ReplayField,
  StorageAdapter,
  StorageContext,
  StoreBatch,
  SubscriptionField,
  SubscriptionQuery,
} from './storage-adapter.ts';
export type { TransportAdapter, TransportContext, TransportRequest } from './transport-adapter.ts';
export { causality, CausalityOptionsSchema } from './plugins/causality.ts';
export type { CausalityOptions, CauseKeeper } from './plugins/causality.ts';
export type { IncomingHeaders } from './model/cause-chain.ts';
export { contactPlans, ContactPlansOptionsSchema } from './plugins/contact-plans.ts';
export type { ContactPlansOptions, Plan } from './plugins/contact-plans.ts';
export { filterAttribute, filters, FiltersOptionsSchema } from './plugins/filters.ts';
export type { FilterKeeper, FiltersOptions } from './plugins/filters.ts';
export type { Preview, PreviewEngine, PreviewInput } from './plugins/filter-preview.ts';
export { managedSecrets, ManagedSecretsOptionsSchema } from './plugins/managed-secrets.ts';
export { managedHeaders, ManagedHeadersOptionsSchema } from './plugins/managed-headers.ts';
export type { HeaderInfo, HeaderKeeper, HeadersInput, HeadersOwner, ManagedHeadersOptions } from './plugins/managed-headers.ts';
export type { RequestAuth, RequestHeader } from './model/request-headers.ts';
export type { Accounts, RekeyEngine, RekeyResult } from './plugins/rekey.ts';
export type {
  ManagedSecretsOptions,
  RotateOptions,
  SecretKeeper,
  SecretRekeying,
  SecretsEngine,
} from './plugins/managed-secrets.ts';
export type { SealingKey } from './plugins/key-ring.ts';
export { newKeyPair } from './plugins/key-pair.ts';
export type { KeyPair } from './plugins/key-pair.ts';
export { legacySignature, LegacySignatureOptionsSchema } from './plugins/legacy-signature.ts';
export type { LegacySignatureOptions } from './plugins/legacy-signature.ts';
export { operationalCatalog } from './plugins/operational-notices.ts';
export type { OperationalNotice } from './plugins/operational-notices.ts';
export { operationalWebhooks, OperationalWebhooksOptionsSchema } from './plugins/operational-webhooks.ts';
export type { CatchUpEngine, OperationalNotifier, OperationalWebhooksOptions } from './plugins/operational-webhooks.ts';
export { standardWebhooks, StandardWebhooksOptionsSchema } from './plugins/signatures.ts';
export type { SigningSecrets, StandardWebhooksOptions } from './plugins/signatures.ts';
