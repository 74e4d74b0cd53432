import {
  basicBehaviours,
  notApplicable,
  specialBehaviours,
  transportConformance,
  type SpecialBehaviour,
  type TransportHarness,
} from '@hookwell/core/testing';
import test from 'ava';
import { functionTransport } from '../src/function/index.ts';

const noAnswer = 'a function accepts or throws, and has no answer with a status, headers or a body';
const noConnection = 'there is no connection between a function and its caller';

const unsupported: Readonly<Record<SpecialBehaviour, string>> = {
  absent: 'a function that is called is there',
  resets: noConnection,
  'closes second': noConnection,
  'breaks off': noAnswer,
  'drips headers': noAnswer,
  'drips body': noAnswer,
  informs: noAnswer,
  garbage: noAnswer,
  'invalid status': noAnswer,
  'huge headers': noAnswer,
  gone: noAnswer,
  'busy for 7 s': noAnswer,
  'busy for an hour': noAnswer,
  'busy, badly said': noAnswer,
  unavailable: noAnswer,
  redirects: noAnswer,
  'answers at length': noAnswer,
  'answers for ever': noAnswer,
  'answers invalid text': noAnswer,
};

function functionHarness(): TransportHarness {
  const received: { url: string; headers: readonly string[]; body: string }[] = [];
  let urls = 0;
  return {
    createTransport: () =>
      functionTransport({
        deadlineMs: 300,
        async send({ url, headers, body }) {
          received.push({ url, headers, body });
          if (url.startsWith('function:fails')) throw new Error('the function fails');
          if (url.startsWith('function:accepts late')) await new Promise((resolve) => setTimeout(resolve, 100));
          if (url.startsWith('function:never answers')) await new Promise(() => undefined);
        },
      }),
    url(behaviour) {
      urls += 1;
      return `function:${behaviour}/${urls}`;
    },
    received: (url) => received.filter((request) => request.url === url),
    count: () => received.length,
    unsupported,
  };
}

for (const { name, needs, run } of transportConformance) {
  const reason = notApplicable(needs, { unsupported });
  if (reason === null) {
    test.serial(`functionTransport keeps the promise: ${name}`, async (t) => {
      await t.notThrowsAsync(run(functionHarness()));
    });
  } else {
    test(`functionTransport cannot be asked whether ${name}: ${reason}`, async (t) => {
      await t.throwsAsync(run(functionHarness()), { message: /does not apply/ });
    });
  }
}

test('every behaviour that the function harness declares impossible is one that the suite knows, and none is a basic one', (t) => {
  t.deepEqual(Object.keys(unsupported).toSorted(), Object.keys(specialBehaviours).toSorted());
  t.false(Object.keys(basicBehaviours).some((behaviour) => behaviour in unsupported));
});
