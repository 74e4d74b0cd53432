import test from 'ava';
import { recordKey, type Arrival, type Evidence, type Fault, type Fate, type SignedNote } from './crash/evidence.ts';
import { isWithin, judge, type ViolationKind } from './crash/oracle.ts';

const leaseMs = 3_000;
const deadlineMs = 1_000;
/** A record that was written in one transaction with its event, and has one subscription. */
const within = 1_000_003;
/** A record whose event was emitted by itself, and has one subscription. */
const beside = 1_000_007;

/** Two records of which one follows upon the other, and whose events are about the same CRM record, in an order. */
const [first, second] = [1_000_005, 1_000_045];

/** A ledger of one delivery that was made as it should be, by v1. */
const arrival = (changes: Partial<Arrival> = {}): Arrival => ({
  delivery: 'd1',
  path: '/place0/c',
  record: within,
  holder: 'v1',
  claimedFrom: 1_000,
  claimedTo: 1_010,
  sentAt: 1_020,
  at: 1_030,
  status: 200,
  ...changes,
});

/** The same delivery again, by v2, once the lease of v1 had run out. */
const takenOver = (changes: Partial<Arrival> = {}): Arrival =>
  arrival({ holder: 'v2', claimedFrom: 4_020, claimedTo: 4_030, sentAt: 4_040, at: 4_050, ...changes });

const fate = (of: Fate, record: number, changes: Partial<SignedNote> = {}): SignedNote =>
  ({
    note: 'fate',
    fate: of,
    record,
    within: isWithin(record),
    from: 1_005,
    at: 1_015,
    holder: 'v1',
    place: 'place0',
    ...changes,
  }) as SignedNote;

const recorded = (holder: string, claimedFrom: number, from: number, final = true, claimedTo = claimedFrom + 10): SignedNote => ({
  note: 'recorded',
  from,
  at: from + 10,
  outcomes: [{ delivery: 'd1', claimedFrom, claimedTo, final }],
  holder,
  place: 'place0',
});

const fault = (kind: string, holder: string | null, from: number, to = Number.POSITIVE_INFINITY): Fault => ({
  kind,
  holder,
  from,
  to,
});

/** A run in which all went well, but for the changes. */
const evidence = (changes: Partial<Evidence> = {}): Evidence => ({
  leaseMs,
  deadlineMs,
  arrivals: [arrival()],
  notes: [fate('acked', within)],
  faults: [],
  committed: new Set([recordKey('place0', within)]),
  stored: new Set(['d1', 'd2']),
  endedTwice: [],
  unfinished: [],
  ...changes,
});

/** The second was emitted once the first had been acknowledged. */
const ordered: Partial<Evidence> = {
  notes: [fate('acked', first), fate('acked', second, { from: 1_016, at: 1_025 })],
  committed: new Set([recordKey('place0', first), recordKey('place0', second)]),
};

const legal: Readonly<Record<string, Partial<Evidence>>> = {
  'all went well': {},
  'a plain emit whose answer was lost, delivered': {
    notes: [fate('unknown', beside)],
    arrivals: [arrival({ record: beside })],
    committed: new Set(),
  },
  'a plain emit whose answer was lost, not delivered': { notes: [fate('unknown', beside)], arrivals: [], committed: new Set() },
  'a commit whose answer was lost, and that was none': { notes: [fate('unknown', within)], arrivals: [], committed: new Set() },
  'a commit whose answer was lost, and that was one': { notes: [fate('unknown', within)] },
  'a transaction that was rolled back': { notes: [fate('undone', within)], arrivals: [], committed: new Set() },
  'an attempt that the receiver refused, and another one': {
    arrivals: [arrival({ status: 500 }), arrival({ claimedFrom: 1_300, claimedTo: 1_310, sentAt: 1_320, at: 1_330 })],
    notes: [fate('acked', within), recorded('v1', 1_000, 1_040, false), recorded('v1', 1_300, 1_340)],
  },
  'a claim that was begun before the first one and made after its attempt was refused': {
    arrivals: [arrival({ status: 500 }), takenOver({ claimedFrom: 990, claimedTo: 1_300, sentAt: 1_310, at: 1_320 })],
    notes: [fate('acked', within), recorded('v1', 1_000, 1_040, false), recorded('v2', 990, 1_340, true, 1_300)],
  },
  'one that comes again after a later one of its order': {
    ...ordered,
    arrivals: [
      arrival({ path: '/place0/d', record: first }),
      arrival({ path: '/place0/d', record: second, delivery: 'd2', at: 1_040 }),
      takenOver({ path: '/place0/d', record: first }),
    ],
    faults: [fault('kill', 'v1', 1_041)],
  },
  'two of an order that were emitted at the same time': {
    ...ordered,
    notes: [fate('acked', first), fate('acked', second, { from: 1_010, at: 1_012 })],
    arrivals: [
      arrival({ path: '/place0/d', record: second, delivery: 'd2' }),
      arrival({ path: '/place0/d', record: first, at: 1_040 }),
    ],
  },
  'a duplicate after its holder was killed': { arrivals: [arrival(), takenOver()], faults: [fault('kill', 'v1', 1_040)] },
  'a duplicate after its holder was paused': {
    arrivals: [arrival(), takenOver()],
    notes: [fate('acked', within), recorded('v2', 4_020, 4_060)],
    faults: [fault('pause', 'v1', 1_025, 4_100)],
  },
  'a request of a paused holder that arrives after that of its successor': {
    arrivals: [takenOver(), arrival({ at: 5_000 })],
    faults: [fault('pause', 'v1', 1_021, 4_990)],
  },
  'a duplicate after the database had stood still': {
    arrivals: [arrival(), takenOver({ holder: 'v1' })],
    faults: [fault('server-frozen', null, 1_000, 4_010)],
  },
  'a duplicate of an attempt that got no answer in time': {
    arrivals: [arrival(), arrival({ claimedFrom: 2_300, claimedTo: 2_310, sentAt: 2_320, at: 2_330 })],
    notes: [
      fate('acked', within),
      {
        note: 'failed',
        delivery: 'd1',
        claimedFrom: 1_000,
        from: 1_020,
        at: 2_030,
        reason: 'late',
        holder: 'v1',
        place: 'place0',
      },
    ],
  },
};

for (const [title, changes] of Object.entries(legal)) {
  test(`the oracle of the crash suite accepts ${title}`, (t) => {
    t.deepEqual(judge(evidence(changes)).violations, []);
  });
}

const illegal: Readonly<Record<string, readonly [ViolationKind, RegExp, Partial<Evidence>]>> = {
  'what was acknowledged and never arrived': ['lost', /never arrived at \/place0\/c/, { arrivals: [] }],
  'what arrived at one of two subscriptions only': [
    'lost',
    /never arrived at \/place0\/b/,
    {
      notes: [fate('acked', 1_000_002)],
      arrivals: [arrival({ path: '/place0/a', record: 1_000_002 })],
      committed: new Set([recordKey('place0', 1_000_002)]),
    },
  ],
  'what was refused by the receiver and never sent again': ['lost', /never arrived/, { arrivals: [arrival({ status: 500 })] }],
  'a commit that was acknowledged and is gone': ['lost', /is not in the table/, { arrivals: [], committed: new Set() }],
  'what was committed by somebody who then died, and never arrived': [
    'lost',
    /is committed and never/,
    { notes: [], arrivals: [] },
  ],
  'what was rolled back': ['phantom', /was rolled back/, { notes: [fate('undone', within)], committed: new Set() }],
  'what an interrupted transaction has left': ['phantom', /is not in the table/, { notes: [], committed: new Set() }],
  'two deliveries of one event to one subscription': [
    'phantom',
    /arrived as d1 and d2/,
    { arrivals: [arrival(), arrival({ delivery: 'd2', claimedFrom: 1_100, claimedTo: 1_110, sentAt: 1_120, at: 1_130 })] },
  ],
  'a delivery that is not in the database': ['phantom', /was not in the database/, { stored: new Set() }],
  'a payload for somebody who had not subscribed': [
    'phantom',
    /nobody there had subscribed/,
    { arrivals: [arrival(), arrival({ path: '/place0/a', delivery: 'd2' })] },
  ],
  'a duplicate that nothing explains': ['unexplained', /nothing befell v1/, { arrivals: [arrival(), takenOver()] }],
  'a duplicate while only another process was killed': [
    'unexplained',
    /nothing befell v1/,
    { arrivals: [arrival(), takenOver()], faults: [fault('kill', 'v3', 1_040)] },
  ],
  'a duplicate whose holder was paused, but before': [
    'unexplained',
    /nothing befell v1/,
    { arrivals: [arrival(), takenOver()], faults: [fault('pause', 'v1', 100, 500)] },
  ],
  'a duplicate whose holder was killed, but long after its lease': [
    'unexplained',
    /nothing befell v1/,
    { arrivals: [arrival(), takenOver()], faults: [fault('kill', 'v1', 4_200)] },
  ],
  'a duplicate that was claimed while the lease of the killed holder still ran': [
    'unexplained',
    /before the lease of the first had run out/,
    {
      arrivals: [arrival(), takenOver({ claimedFrom: 2_000, claimedTo: 2_010, sentAt: 2_020, at: 2_030 })],
      faults: [fault('kill', 'v1', 1_040)],
    },
  ],
  'an attempt that was made twice in one claim': [
    'unexplained',
    /twice in one claim/,
    { arrivals: [arrival(), arrival({ sentAt: 1_100, at: 1_110 })], faults: [fault('kill', 'v1', 1_200)] },
  ],
  'a duplicate of an attempt that its sender gave up at once': [
    'unexplained',
    /the receiver that it did not/,
    {
      arrivals: [arrival(), arrival({ claimedFrom: 1_300, claimedTo: 1_310, sentAt: 1_320, at: 1_330 })],
      notes: [
        fate('acked', within),
        {
          note: 'failed',
          delivery: 'd1',
          claimedFrom: 1_000,
          from: 1_020,
          at: 1_040,
          reason: 'reset',
          holder: 'v1',
          place: 'place0',
        },
      ],
    },
  ],
  'a claim of what had ended by then': [
    'unexplained',
    /was claimed again after its end/,
    {
      arrivals: [arrival(), takenOver()],
      notes: [fate('acked', within), recorded('v1', 1_000, 1_040)],
      faults: [fault('kill', 'v1', 1_100)],
    },
  ],
  'an outcome under a lease that somebody else had by then': [
    'unexplained',
    /was written by v1, which had lost it to v2/,
    {
      arrivals: [arrival(), takenOver()],
      notes: [fate('acked', within), recorded('v1', 1_000, 4_060, false)],
      faults: [fault('pause', 'v1', 1_040, 4_055)],
    },
  ],
  'a delivery that the log ends twice': ['unexplained', /ended twice/, { endedTwice: ['d1'] }],
  'what was sent before an earlier one of its order had arrived': [
    'disordered',
    /d 1000045 was sent before \/place0\/d 1000005 had arrived/,
    {
      ...ordered,
      arrivals: [
        arrival({ path: '/place0/d', record: first, status: 500 }),
        arrival({ path: '/place0/d', record: second, delivery: 'd2', at: 1_040 }),
        arrival({ path: '/place0/d', record: first, claimedFrom: 1_300, claimedTo: 1_310, sentAt: 1_320, at: 1_330 }),
      ],
    },
  ],
  'what is still in the queue': ['stuck', /still in the queue/, { unfinished: ['d9 (leased, attempts 0)'] }],
};

for (const [title, [kind, text, changes]] of Object.entries(illegal)) {
  test(`the oracle of the crash suite finds ${title}`, (t) => {
    const { violations } = judge(evidence(changes));
    t.is(violations.length, 1, JSON.stringify(violations));
    t.is(violations[0]?.kind, kind);
    t.regex(violations[0]?.text ?? '', text);
  });
}

test('the oracle of the crash suite counts what was acknowledged, rolled back, delivered and duplicated', (t) => {
  const verdict = judge(
    evidence({
      arrivals: [arrival(), takenOver()],
      notes: [fate('acked', within), fate('undone', within + 10)],
      faults: [fault('kill', 'v1', 1_040)],
    }),
  );
  t.like(verdict, { acked: 1, undone: 1, delivered: 1 });
  t.deepEqual(verdict.duplicates, [{ delivery: 'd1', at: 4_050, because: 'kill' }]);
});
