export { verifySignature } from './verify-signature.ts';
export type { SignedRequest, VerifiedSignature } from './verify-signature.ts';
export { rememberedIds, verifyOnce } from './verify-once.ts';
export type { RememberedIdsOptions, ReplayStore, VerifiedOnce } from './verify-once.ts';
export { verifyLegacySignature } from './verify-legacy.ts';
export type { LegacyProfile, LegacySignedRequest, VerifiedLegacySignature } from './verify-legacy.ts';
export type { SignatureHeaders, SignatureProblem } from './read-signature.ts';
