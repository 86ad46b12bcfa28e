import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RequestBounds, type RequestPlace } from './request-bounds.ts';

it('gives places until all are taken, and again when one is left', () => {
  const bounds = new RequestBounds({ requests: 2, requestsPerClient: 2, bodyBytes: 1 });
  const first = bounds.enter('a');
  expect(bounds.enter('b')).toBeDefined();
  expect(bounds.enter('c')).toBeUndefined();
  first?.leave();
  expect(bounds.enter('c')).toBeDefined();
});

it('lets one client not keep the others out', () => {
  const bounds = new RequestBounds({ requests: 4, requestsPerClient: 2, bodyBytes: 1 });
  bounds.enter('a');
  bounds.enter('a');
  expect(bounds.enter('a')).toBeUndefined();
  expect(bounds.enter('b')).toBeDefined();
});

it('never holds more than its bounds, and is empty when all have left', () => {
  const limits = { requests: 5, requestsPerClient: 3, bodyBytes: 100 };
  const step = fc.record({
    client: fc.constantFrom('a', 'b', 'c'),
    bytes: fc.nat({ max: 60 }),
    leaving: fc.option(fc.nat({ max: 4 })),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const bounds = new RequestBounds(limits);
      const places: { readonly place: RequestPlace; readonly client: string; readonly bytes: number }[] = [];
      for (const { client, bytes, leaving } of steps) {
        if (leaving !== null) places.splice(leaving, 1).forEach(({ place }) => place.leave());
        const place = bounds.enter(client);
        if (place !== undefined) places.push({ place, client, bytes: place.take(bytes) ? bytes : 0 });
        expect(places.length).toBeLessThanOrEqual(limits.requests);
        expect(places.filter((one) => one.client === client).length).toBeLessThanOrEqual(limits.requestsPerClient);
        expect(places.reduce((sum, one) => sum + one.bytes, 0)).toBeLessThanOrEqual(limits.bodyBytes);
      }
      for (const { place } of places) place.leave();
      expect(bounds.enter('a')?.take(limits.bodyBytes)).toBe(true);
    }),
  );
});
