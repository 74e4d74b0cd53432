import test from 'ava';
import { DeficitRound } from '../../src/deliver/deficit-round.ts';

function turns(round: DeficitRound<string>, count: number): string {
  return Array.from({ length: count }, () => round.next() ?? '-').join('');
}

test('all members come in turn, in the order in which they joined', (t) => {
  const round = new DeficitRound<string>();
  for (const member of ['a', 'b', 'c', 'a']) round.add(member);
  t.is(turns(round, 7), 'abcabca');
});

test('who was charged more lets as many turns pass', (t) => {
  const round = new DeficitRound<string>();
  for (const member of ['a', 'b']) round.add(member);
  t.is(round.next(), 'a');
  round.charge('a', 2);
  t.is(turns(round, 6), 'bbbaba');
});

test('when all of them are in debt, the one who owes least is next, and nobody waits for ever', (t) => {
  const round = new DeficitRound<string>();
  for (const member of ['a', 'b']) round.add(member);
  round.charge('a', 3);
  round.charge('b', 1);
  t.is(turns(round, 5), 'bbaba');
});

test('a member that left has no turn, and comes back without its debt', (t) => {
  const round = new DeficitRound<string>();
  for (const member of ['a', 'b']) round.add(member);
  round.charge('a', 3);
  round.delete('a');
  t.is(turns(round, 2), 'bb');
  round.add('a');
  t.is(turns(round, 4), 'baba');
  round.delete('a');
  round.delete('b');
  t.is(round.next(), undefined);
});
